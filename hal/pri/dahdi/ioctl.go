package dahdi

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// The requests of dahdi/user.h, as linux/ioctl.h numbers them.
const (
	out, in, both = 1, 2, 3

	reqGetParams    = both<<30 | paramsSize<<16 | code | 5
	reqGetEvent     = in<<30 | 4<<16 | code | 8
	reqSpanStat     = both<<30 | spanInfoSize<<16 | code | 10
	reqFlush        = out<<30 | 4<<16 | code | 3
	reqSetBufInfo   = out<<30 | 24<<16 | code | 27
	reqAudioMode    = out<<30 | 4<<16 | code | 32
	reqSpecify      = out<<30 | 4<<16 | code | 38
	reqBufferEvents = out<<30 | 4<<16 | code | 105

	code = 0xDA << 8

	paramsSize   = 136
	spanInfoSize = 314
)

// errEvent is ELAST: an event must be fetched before anything else is read.
const errEvent = unix.Errno(500)

// bufferInfo is struct dahdi_bufferinfo.
type bufferInfo struct {
	SendPolicy, ReadPolicy, Count, Size, Read, Written int32
}

// params is struct dahdi_params.
type params struct {
	Channel, Span, Position, Signalling, _ int32
	_                                      [7]int32
	Name                                   [40]byte
	_                                      [11]int32
	Alarms                                 uint32
}

// set is a request that takes a number.
func set(fd int, request uint, value int) error {
	v := int32(value)
	return control(fd, request, &v)
}

// control is a request that takes, or fills in, what arg points to.
func control[T any](fd int, request uint, arg *T) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), uintptr(request), uintptr(unsafe.Pointer(arg))); errno != 0 {
		return errno
	}
	return nil
}
