package main

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Requests of dahdi/user.h.
const (
	reqSpecify    = 0x4004DA26
	reqAudioMode  = 0x4004DA20
	reqSetBufInfo = 0x4018DA1B
	reqGetEvent   = 0x8004DA08
)

// block is how much is said at once, and ahead how many blocks the driver holds.
const (
	block = 320
	ahead = 32
)

// voice is one timeslot that is spoken on.
type voice struct {
	fd   int
	says []byte
	at   int
}

// speak says everybody's piece, over and over, until the program is ended.
func speak(said speech, who []string) error {
	var voices []voice
	for _, w := range who {
		dir := map[string]int{"network": network, "switchboard": switchboard}[w]
		for _, slot := range timeslots() {
			fd, err := openVoice(dir*perE1 + slot)
			if err != nil {
				return fmt.Errorf("timeslot %d of the %s: %w", slot, w, err)
			}
			voices = append(voices, voice{fd: fd, says: said.of(slot, dir)})
		}
	}
	fmt.Println("peer: speaking on", len(voices), "timeslots")
	poll := []unix.PollFd{{Fd: int32(voices[0].fd), Events: unix.POLLOUT | unix.POLLPRI}}
	for {
		if _, err := unix.Poll(poll, 100); err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		for i := range voices {
			if err := voices[i].say(); err != nil {
				return err
			}
		}
	}
}

func openVoice(channel int) (int, error) {
	fd, err := unix.Open("/dev/dahdi/channel", unix.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		return 0, err
	}
	buffers := [6]int32{2: ahead, 3: block}
	number, mode := int32(channel), int32(0)
	for _, r := range []struct {
		request uintptr
		arg     unsafe.Pointer
	}{
		{reqSpecify, unsafe.Pointer(&number)},
		{reqAudioMode, unsafe.Pointer(&mode)},
		{reqSetBufInfo, unsafe.Pointer(&buffers)},
	} {
		if err := control(fd, r.request, r.arg); err != nil {
			return 0, err
		}
	}
	return fd, nil
}

// say fills the driver's buffers.
func (v *voice) say() error {
	for {
		_, err := unix.Write(v.fd, v.says[v.at:v.at+block])
		switch {
		case errors.Is(err, unix.EAGAIN):
			return nil
		case errors.Is(err, unix.Errno(500)): // an event comes first
			var event int32
			if err := control(v.fd, reqGetEvent, unsafe.Pointer(&event)); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			v.at = (v.at + block) % len(v.says)
		}
	}
}

func control(fd int, request uintptr, arg unsafe.Pointer) error {
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(arg)); errno != 0 {
		return errno
	}
	return nil
}
