package gpio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
	"periph.io/x/conn/v3/gpio"

	"linevault/codec/pcm"
	"linevault/hal"
)

// kernelPin is a line of a GPIO character device, asked for its edges in the second version of
// the kernel's interface (linux/gpio.h): they come with the kernel's stamp by CLOCK_MONOTONIC and are
// numbered, so that none is lost unnoticed.
type kernelPin struct {
	chip string // its device
	line uint32
	pull gpio.Pull
	file int // -1 if the line is not held
	seq  uint32
}

func newKernelPin(chip string, line int, pull gpio.Pull) *kernelPin {
	return &kernelPin{chip: chip, line: uint32(line), pull: pull, file: -1}
}

// The structures and numbers of linux/gpio.h.
type (
	lineRequest struct {
		offsets    [64]uint32
		consumer   [32]byte
		flags      uint64
		attributes uint32
		_          [5]uint32
		_          [10][3]uint64 // no attributes
		lines      uint32
		buffer     uint32
		_          [5]uint32
		fd         int32
	}
	lineValues struct{ bits, mask uint64 }
)

const (
	ioctlLine   = 0xc250b407
	ioctlValues = 0xc010b40e
	ioctlSet    = 0xc010b40f

	flagLow      = 1 << 1 // low is active
	flagInput    = 1 << 2
	flagOutput   = 1 << 3
	flagRising   = 1 << 4
	flagFalling  = 1 << 5
	flagPullUp   = 1 << 8
	flagPullDown = 1 << 9

	eventSize   = 48
	eventRising = 1
	// eventBuffer is how many edges the kernel keeps; a contact that bounces makes dozens.
	eventBuffer = 256
)

func (p *kernelPin) setUp() error {
	p.letGo()
	r := lineRequest{flags: flagInput | flagRising | flagFalling, lines: 1, buffer: eventBuffer}
	switch p.pull {
	case gpio.PullUp:
		r.flags |= flagPullUp
	case gpio.PullDown:
		r.flags |= flagPullDown
	}
	fd, err := r.ask(p.chip, p.line)
	if err != nil {
		return err
	}
	p.file, p.seq = fd, 0
	return nil
}

// ask asks a chip for a line, and returns its descriptor.
func (r *lineRequest) ask(chip string, line uint32) (int, error) {
	dev, err := os.Open(chip)
	if err != nil {
		return -1, err
	}
	defer dev.Close()
	r.offsets[0] = line
	copy(r.consumer[:], "linevault")
	if err := ioctl(int(dev.Fd()), ioctlLine, unsafe.Pointer(r)); err != nil {
		return -1, fmt.Errorf("asking for line %d of %s: %w", line, chip, err)
	}
	return int(r.fd), nil
}

func (p *kernelPin) letGo() {
	if p.file >= 0 {
		_ = unix.Close(p.file) // nothing was written to it
		p.file = -1
	}
}

func (p *kernelPin) level() (gpio.Level, error) {
	v := lineValues{mask: 1}
	if err := ioctl(p.file, ioctlValues, unsafe.Pointer(&v)); err != nil {
		return false, fmt.Errorf("reading the pin: %w", err)
	}
	return v.bits&1 != 0, nil
}

func (p *kernelPin) wait(timeout time.Duration) (move, error) {
	fds := []unix.PollFd{{Fd: int32(p.file), Events: unix.POLLIN}}
	limit := unix.NsecToTimespec(int64(timeout))
	n, err := unix.Ppoll(fds, &limit, nil)
	if err != nil && !errors.Is(err, unix.EINTR) {
		return move{}, fmt.Errorf("waiting for an edge: %w", err)
	}
	if n <= 0 {
		l, err := p.level()
		return move{at: hal.Now(), level: l}, err
	}
	var b [eventSize]byte
	if n, err := unix.Read(p.file, b[:]); err != nil || n != eventSize {
		return move{}, fmt.Errorf("reading an edge: %w", errors.Join(err, short(n)))
	}
	seq := binary.NativeEndian.Uint32(b[20:])
	m := move{
		came:  true,
		at:    pcm.Mono(binary.NativeEndian.Uint64(b[:])),
		level: binary.NativeEndian.Uint32(b[8:]) == eventRising,
		lost:  int(seq - p.seq - 1),
	}
	p.seq = seq
	return m, nil
}

// short is the error of an event of n bytes.
func short(n int) error {
	if n == eventSize || n < 0 {
		return nil
	}
	return fmt.Errorf("%d bytes of %d", n, eventSize)
}

func ioctl(fd int, request uintptr, arg unsafe.Pointer) error {
	if _, _, e := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(arg)); e != 0 {
		return e
	}
	return nil
}
