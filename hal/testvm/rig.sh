#!/usr/bin/env bash
# rig.sh DIR: makes in DIR, from Debian packages alone, what the virtual machine boots: Debian's
# kernel (DIR/vmlinux), its packages unpacked (DIR/root), and DAHDI's three modules that we need,
# built for that kernel. A minute, once; it is kept until Debian has a newer kernel. No root.
# Nothing that it makes or downloads belongs in a commit.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(realpath "$1")

say() { printf 'vm-test: %s\n' "$*" >&2; }
stop() { say "$*"; exit 1; }

missing=()
for package in qemu-system-x86 busybox-static kmod cpio xz-utils gcc make python3 linux-headers-amd64 libpri-dev asterisk-core-sounds-en-wav; do
	dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q ' installed$' || missing+=("$package")
done
[ ${#missing[@]} = 0 ] || stop "these Debian packages are missing: apt-get install --no-install-recommends ${missing[*]}"

# Security updates remove old kernels, so the version is looked up now.
image=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image-[0-9]/ { print $2; exit }')
[ -n "$image" ] || stop "apt knows no linux-image-amd64: run apt-get update, on Debian 12"
version=${image#linux-image-}
headers=/lib/modules/$version/build

if [ "$(cat "$dir/version" 2>/dev/null || true)" = "$version" ]; then
	say "the rig for $version is there already"
	exit 0
fi
[ -d "$headers" ] || stop "the headers of $version are missing: apt-get install linux-headers-$version"

say "making the rig for $version"
rm -rf "$dir"
mkdir -p "$dir"/{packages,root,build/dahdi}
cd "$dir/packages"
apt-get -q download "$image" dahdi-dkms dahdi libtonezone2.0 >download.log 2>&1 ||
	{ tail -n 5 download.log >&2; stop "apt-get could not download DAHDI and the kernel"; }
for package in *.deb; do dpkg -x "$package" ../root; done

source=$(echo ../root/usr/src/dahdi-*)
cp -r "$source/include" ../build/
cp -r "$source"/drivers/dahdi/*.[ch] "$source/drivers/dahdi/hpec" ../build/dahdi/
echo '#define DAHDI_VERSION "debian"' >../build/include/dahdi/version.h
cat >../build/dahdi/Kbuild <<'END'
ccflags-y := -I$(src)/../include -DHOTPLUG_FIRMWARE=1 -Wno-address
obj-m := dahdi.o dahdi_dynamic.o dahdi_dynamic_loc.o
dahdi-objs := dahdi-base.o dahdi-sysfs.o dahdi-sysfs-chan.o dahdi-version.o
END
make -s -C "$headers" M="$dir/build/dahdi" modules >"$dir/build/log" 2>&1 ||
	{ tail "$dir/build/log" >&2; stop "DAHDI does not build for $version"; }

updates=$dir/root/lib/modules/$version/updates
mkdir -p "$updates"
cp "$dir"/build/dahdi/*.ko "$updates/"
depmod -b "$dir/root" "$version"
python3 "$here/vmlinux.py" "$dir/root/boot/vmlinuz-$version" "$dir/vmlinux"
echo "$version" >"$dir/version"
say "the rig is ready"
