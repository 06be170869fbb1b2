#!/usr/bin/env python3
"""vmlinux.py BZIMAGE OUT: the ELF kernel inside a bzImage. It boots by PVH, which without
hardware virtualisation is quicker than letting the image unpack itself."""
import subprocess
import sys

PACKERS = {b'\xfd7zXZ\x00': ['xz', '-dc'], b'\x28\xb5\x2f\xfd': ['zstd', '-dc'], b'\x1f\x8b\x08': ['gzip', '-dc']}


def kernel(image):
    for magic, packer in PACKERS.items():
        at = image.find(magic)
        while at != -1:
            # Bytes follow the packed kernel; the unpacker complains of them when it is done.
            run = subprocess.run(packer, input=image[at:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            if run.stdout.startswith(b'\x7fELF'):
                return run.stdout
            at = image.find(magic, at + 1)
    sys.exit('vmlinux: no packed kernel in ' + sys.argv[1])


if len(sys.argv) != 3:
    sys.exit(__doc__)
with open(sys.argv[1], 'rb') as f:
    elf = kernel(f.read())
with open(sys.argv[2], 'wb') as f:
    f.write(elf)
