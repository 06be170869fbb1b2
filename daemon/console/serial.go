package console

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// OpenSerial opens a serial line and sets it to 115200 bits per second, 8N1, without modem
// control. The kernel edits lines: what is typed can be corrected on any terminal.
func OpenSerial(device string) (*os.File, error) {
	f, err := os.OpenFile(device, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, fmt.Errorf("serial console: %w", err)
	}
	t, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err == nil {
		t.Iflag = unix.ICRNL | unix.IGNBRK | unix.IGNPAR
		t.Oflag = unix.OPOST | unix.ONLCR
		t.Lflag = unix.ICANON | unix.ECHO | unix.ECHOE | unix.ECHOK
		t.Cflag = unix.B115200 | unix.CS8 | unix.CREAD | unix.CLOCAL
		t.Ispeed, t.Ospeed = unix.B115200, unix.B115200
		err = unix.IoctlSetTermios(int(f.Fd()), unix.TCSETS, t)
	}
	if err != nil {
		_ = f.Close() // nothing was written to it
		return nil, fmt.Errorf("serial console: %s is not a serial line: %w", device, err)
	}
	return f, nil
}
