#!/usr/bin/env bash
# run.sh [DIR]: boots the rig in DIR, by default build/testvm, lets inside.sh run in it and judges what was
# recorded. It makes the rig first where it has to.
#
# The processor is emulated, and its clock is tied to the instructions that it has run: the machine keeps
# its own time, however busy the host is, and nothing in it can be late because of that.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
dir=${1:-$root/build/testvm}
limit=${LIMIT:-1500}

"$here/rig.sh" "$dir"
"$here/image.sh" "$dir"
cd "$dir"
rm -rf out out.tar
mkdir out
truncate -s 64M out.tar
start=$SECONDS
timeout "$limit" qemu-system-x86_64 -accel tcg -icount shift=0,sleep=off -machine q35 -cpu max -m 1024 -smp 1 \
	-display none -nic none -no-reboot -serial stdio -monitor none \
	-drive file=out.tar,format=raw,if=virtio \
	-kernel vmlinux -initrd initramfs.gz -append "console=ttyS0 quiet mitigations=off panic=-1" \
	</dev/null 2>&1 | sed -u 's|\r||' | tee console.log
echo "vm-test: $((SECONDS - start)) s"
for part in no_driver no_span driver wrong_span busy aligned streams overrun swapped restart calls export_all; do
	grep -q "^PASS $part" console.log || { echo "vm-test: $part did not pass" >&2; exit 1; }
done
tar xf out.tar -C out
initramfs/test/peer judge speech.al out
