#!/usr/bin/env bash
# gpio.sh [DIR]: boots the rig in DIR, by default build/testvm, with the kernel's simulated GPIO chip, and
# lets a contact that bounces close and open 10,000 times (EDGES). Debian's kernel lacks the chip: it is built from three
# files of the kernel's own source, once.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
dir=$(realpath -m "${1:-$root/build/testvm}")
limit=${LIMIT:-1500}

"$here/rig.sh" "$dir"
version=$(cat "$dir/version")
updates=$dir/root/lib/modules/$version/updates

say() { printf 'vm-gpio: %s\n' "$*" >&2; }

if ! [ -s "$updates/gpio-sim.ko" ]; then
	source=linux-source-$(cut -d. -f1,2 <<<"$version")
	say "making the simulated chip of $source (a download of 140 MB, once)"
	work=$dir/build/gpio
	rm -rf "$work" && mkdir -p "$work/source"
	(cd "$work" && apt-get -q download "$source" >download.log 2>&1) || { tail -n 5 "$work/download.log" >&2; say "apt-get could not download $source"; exit 1; }
	dpkg -x "$work/$source"_*.deb "$work/source"
	tar xf "$work/source/usr/src/$source.tar.xz" -C "$work/source" --occurrence=1 \
		"$source"/drivers/gpio/{gpio-sim.c,gpiolib.h} "$source/kernel/irq/irq_sim.c"
	cp "$work/source/$source"/drivers/gpio/* "$work/source/$source/kernel/irq/irq_sim.c" "$work/"
	# A module may not reach the kernel's own table of interrupts; this does the same through its front door.
	sed -i 's/handle_simple_irq(irq_to_desc(irqnum))/generic_handle_irq(irqnum)/' "$work/irq_sim.c"
	printf '\n#include <linux/module.h>\nMODULE_LICENSE("GPL v2");\n' >>"$work/irq_sim.c"
	echo 'obj-m := irq_sim.o gpio-sim.o' >"$work/Kbuild"
	rm -rf "$work/source" "$work"/*.deb
	make -s -C "/lib/modules/$version/build" M="$work" modules >"$work/log" 2>&1 ||
		{ tail "$work/log" >&2; say "the simulated chip does not build for $version"; exit 1; }
	cp "$work"/*.ko "$updates/"
	depmod -b "$dir/root" "$version"
fi

tree=$dir/initramfs-gpio
rm -rf "$tree"
mkdir -p "$tree"/{bin,dev,proc,run,sys,test} "$tree/lib/modules/$version"
busybox=$(command -v busybox || echo /bin/busybox)
cp "$busybox" "$tree/bin/busybox"
for applet in sh mount poweroff modprobe; do ln -s busybox "$tree/bin/$applet"; done
modprobe -d "$dir/root" -S "$version" --show-depends gpio-sim | awk '/^insmod/ { print $2 }' |
	while read -r file; do
		to=$tree/${file#"$dir/root/"}
		mkdir -p "$(dirname "$to")"
		cp "$file" "$to"
	done
cp "$dir/root/lib/modules/$version"/modules.{builtin*,order} "$tree/lib/modules/$version/"
depmod -b "$tree" "$version"
(cd "$root" && CGO_ENABLED=0 go build -trimpath -o "$tree/test/edges" ./hal/testvm/edges)
cat >"$tree/init" <<END
#!/bin/sh
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
modprobe gpio-sim
mount -t configfs none /sys/kernel/config
/test/edges -n ${EDGES:-10000} && echo PASS edges
poweroff -f
END
chmod +x "$tree/init"
(cd "$tree" && find . | cpio -o -H newc --quiet | gzip -1) >"$dir/initramfs-gpio.gz"

start=$SECONDS
cd "$dir"
# As in run.sh: the machine keeps its own time, however busy the host is.
timeout "$limit" qemu-system-x86_64 -accel tcg -icount shift=0,sleep=off -machine q35 -cpu max -m 512 -smp 1 \
	-display none -nic none -no-reboot -serial stdio -monitor none \
	-kernel vmlinux -initrd initramfs-gpio.gz -append "console=ttyS0 quiet mitigations=off panic=-1" \
	</dev/null 2>&1 | sed -u 's|\r||' | tee console-gpio.log
say "$((SECONDS - start)) s"
grep -q '^PASS edges' console-gpio.log || { say "the contact's edges did not pass"; exit 1; }
