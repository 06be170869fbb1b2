#!/usr/bin/env bash
# image.sh DIR: makes in DIR what the machine of the power-cut test boots: Debian's kernel
# (DIR/vmlinux, looked up and downloaded, kept until Debian has a newer one) and DIR/initramfs.gz
# with the recorder, which is the test binary of package torture. No root. Nothing that it makes or
# downloads belongs in a commit.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
dir=$(realpath "$1")

stop() { printf 'torture-vm: %s\n' "$*" >&2; exit 1; }

missing=()
for package in qemu-system-x86 busybox-static kmod cpio xz-utils python3 e2fsprogs; do
	dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q ' installed$' || missing+=("$package")
done
[ ${#missing[@]} = 0 ] || stop "these Debian packages are missing: apt-get install --no-install-recommends ${missing[*]}"

image=$(apt-cache depends linux-image-amd64 | awk '/Depends: linux-image-[0-9]/ { print $2; exit }')
[ -n "$image" ] || stop "apt knows no linux-image-amd64: run apt-get update, on Debian 12"
version=${image#linux-image-}
if [ "$(cat "$dir/version" 2>/dev/null || true)" != "$version" ]; then
	rm -rf "$dir"
	mkdir -p "$dir/root"
	cd "$dir"
	apt-get -q download "$image" >download.log 2>&1 || { tail -n 5 download.log >&2; stop "apt-get could not download the kernel"; }
	dpkg -x "$image"_*.deb root
	rm "$image"_*.deb
	depmod -b root "$version"
	python3 "$here/../../../hal/testvm/vmlinux.py" "root/boot/vmlinuz-$version" vmlinux
	echo "$version" >version
fi

tree=$dir/initramfs
busybox=$(command -v busybox || echo /bin/busybox)
rm -rf "$tree"
mkdir -p "$tree"/{bin,dev,mnt,proc,sys,tmp,modules}
cp "$busybox" "$tree/bin/busybox"
: >"$tree/modules/list"
for module in crc32c_generic virtio_pci virtio_blk ext4; do
	modprobe -d "$dir/root" -S "$version" --show-depends "$module" | awk '/^insmod/ { print $2 }' | while read -r file; do
		name=$(basename "$file")
		grep -qx "$name" "$tree/modules/list" && continue
		cp "$file" "$tree/modules/"
		echo "$name" >>"$tree/modules/list"
	done
done
cp "$here/init" "$tree/init"
cd "$here/../../.."
CGO_ENABLED=0 "${GO:-go}" test -c -trimpath -o "$tree/recorder" ./storage/torture
(cd "$tree" && find . | cpio -o -H newc --quiet | gzip -1) >"$dir/initramfs.gz"
