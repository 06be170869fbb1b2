#!/usr/bin/env bash
# image.sh DIR: makes DIR/initramfs.gz of the rig in DIR: busybox, the kernel's modules that we need,
# the recorder with its libraries, libpri's two ends, and what inside.sh runs.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
dir=$(realpath "$1")
version=$(cat "$dir/version")
tree=$dir/initramfs
busybox=$(command -v busybox || echo /bin/busybox)
readonly modules="dahdi dahdi_dynamic dahdi_dynamic_loc virtio_pci virtio_blk"

rm -rf "$tree"
mkdir -p "$tree"/{bin,sbin,dev,etc/dahdi,lib64,mnt,proc,root,run,sys,tmp,var} "$tree/test/lib" "$tree/lib/modules/$version"

cp "$busybox" "$tree/bin/busybox"
for applet in $("$busybox" --list); do
	[ "$applet" = busybox ] || ln -s busybox "$tree/bin/$applet"
done
ln -s /bin/busybox "$tree/sbin/modprobe"

for module in $modules; do
	modprobe -d "$dir/root" -S "$version" --show-depends "$module" | awk '/^insmod/ { print $2 }' |
		while read -r file; do
			to=$tree/${file#"$dir/root/"}
			mkdir -p "$(dirname "$to")"
			cp "$file" "$to"
		done
done
cp "$dir/root/lib/modules/$version"/modules.{builtin*,order} "$tree/lib/modules/$version/"
depmod -b "$tree" "$version"

cd "$here/../.."
CGO_ENABLED=0 go build -trimpath -o "$tree/test/peer" ./hal/testvm/peer
go build -trimpath -o "$tree/test/linevault" ./daemon
gcc -O1 -Wall -I"$dir/build/include" -o "$tree/test/exchange" "$here/exchange/exchange.c" -lpri
cp "$dir/root/usr/sbin/dahdi_cfg" "$here/inside.sh" "$tree/test/"
cp "$here/spans.conf" "$tree/etc/dahdi/system.conf"
cp "$here/init" "$tree/init"
[ -s "$dir/speech.al" ] || "$tree/test/peer" speech "$dir/speech.al"
cp "$dir/speech.al" "$tree/test/"
"$tree/test/peer" config "$tree/test/linevault.toml"

for program in linevault exchange dahdi_cfg; do
	LD_LIBRARY_PATH=$dir/root/usr/lib/x86_64-linux-gnu ldd "$tree/test/$program" |
		awk '$3 ~ /^\// { print $3 }' | while read -r library; do cp -Ln "$library" "$tree/test/lib/"; done
done
cp -L /lib64/ld-linux-x86-64.so.2 "$tree/lib64/"

(cd "$tree" && find . | cpio -o -H newc --quiet | gzip -1) >"$dir/initramfs.gz"
