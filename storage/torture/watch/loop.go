package watch

import (
	"errors"
	"sync"
	"unsafe"

	"golang.org/x/sys/unix"
)

// notification and response are the kernel's struct seccomp_notif and seccomp_notif_resp.
type notification struct {
	ID    uint64
	PID   uint32
	Flags uint32
	Nr    int32
	Arch  uint32
	IP    uint64
	Args  [6]uint64
}

type response struct {
	ID    uint64
	Val   int64
	Error int32
	Flags uint32
}

// goesOn lets the call happen.
const goesOn = 1 // SECCOMP_USER_NOTIF_FLAG_CONTINUE

type watcher struct {
	Config
	dir      string
	listener int
	pid      int
	waiting  sync.WaitGroup // answers that are kept back
}

// loop answers until the program has ended.
func (w *watcher) loop() error {
	for {
		poll := []unix.PollFd{{Fd: int32(w.listener), Events: unix.POLLIN}}
		_, err := unix.Poll(poll, -1)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return err
		case poll[0].Revents&unix.POLLIN == 0:
			return nil // nobody is left who has the filter
		}
		var n notification
		err = w.ioctl(unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&n))
		switch {
		case errors.Is(err, unix.ENOENT), errors.Is(err, unix.EINTR):
			continue // its thread is gone
		case err != nil:
			return err
		}
		if err := w.answer(&n); err != nil {
			return err
		}
	}
}

// answer asks the judge, if the call is one for it, and does what it says.
func (w *watcher) answer(n *notification) error {
	r := response{ID: n.ID, Flags: goesOn}
	call, ok, err := w.read(n)
	if errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH) || errors.Is(err, unix.EIO) {
		return w.respond(r) // it was killed meanwhile
	}
	if err != nil {
		return err
	}
	if !ok {
		return w.respond(r)
	}
	a := w.Judge(call)
	switch {
	case a.Errno != 0:
		r = response{ID: n.ID, Error: -int32(a.Errno)}
	case a.Short:
		written, err := w.writeHalf(n, call)
		if err != nil {
			return err
		}
		r = response{ID: n.ID, Val: int64(written)}
	}
	if a.After == nil {
		return w.respond(r)
	}
	w.waiting.Go(func() {
		<-a.After
		_ = w.respond(r) // a program that was killed meanwhile needs no answer
	})
	return nil
}

func (w *watcher) respond(r response) error {
	err := w.ioctl(unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&r))
	if errors.Is(err, unix.ENOENT) {
		return nil // it was killed
	}
	return err
}

// writeHalf writes the first half of what the program would write, through the program's own
// open file.
func (w *watcher) writeHalf(n *notification, c Call) (int, error) {
	pidfd, err := unix.PidfdOpen(w.pid, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(pidfd)
	fd, err := unix.PidfdGetfd(pidfd, int(int32(n.Args[0])), 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	half := c.Data[:len(c.Data)/2]
	if n.Nr == unix.SYS_PWRITE64 {
		return unix.Pwrite(fd, half, c.At)
	}
	return unix.Write(fd, half)
}

func (w *watcher) ioctl(request uint, arg unsafe.Pointer) error {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(w.listener), uintptr(request), uintptr(arg))
	if errno != 0 {
		return errno
	}
	return nil
}
