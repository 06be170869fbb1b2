package gpio

import (
	"errors"
	"io/fs"
	"testing"
	"unsafe"

	"periph.io/x/conn/v3/gpio"
)

// The kernel takes the size of a structure from the request's number (asm-generic/ioctl.h).
func TestKernelStructures(t *testing.T) {
	for _, test := range []struct {
		name    string
		request uintptr
		size    uintptr
	}{
		{"line request", ioctlLine, unsafe.Sizeof(lineRequest{})},
		{"line values", ioctlValues, unsafe.Sizeof(lineValues{})},
	} {
		if want := test.request >> 16 & 0x3fff; test.size != want {
			t.Errorf("%s: %d bytes, and the kernel's has %d", test.name, test.size, want)
		}
	}
}

func TestKernelPinMissing(t *testing.T) {
	p := newKernelPin("/dev/no-such-chip", 5, gpio.PullUp)
	if err := p.setUp(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("setting up: %v", err)
	}
	if _, err := p.level(); err == nil {
		t.Error("a pin that is not held was read")
	}
	if _, err := p.wait(1); err == nil {
		t.Error("a pin that is not held was waited for")
	}
	p.letGo()
}
