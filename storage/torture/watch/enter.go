package watch

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// changes are the calls that may change files, and reads those that read them. Those that only
// older programs use are not among them: Go's runtime calls none.
var (
	changes = []uint32{
		unix.SYS_OPENAT, unix.SYS_WRITE, unix.SYS_PWRITE64, unix.SYS_FTRUNCATE, unix.SYS_TRUNCATE, unix.SYS_FSYNC, unix.SYS_FDATASYNC,
		unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2, unix.SYS_UNLINKAT, unix.SYS_MKDIRAT, unix.SYS_WRITEV, unix.SYS_PWRITEV,
		unix.SYS_PWRITEV2, unix.SYS_FALLOCATE, unix.SYS_COPY_FILE_RANGE, unix.SYS_SENDFILE, unix.SYS_SPLICE, unix.SYS_LINKAT,
		unix.SYS_SYMLINKAT, unix.SYS_OPENAT2,
	}
	reads = []uint32{unix.SYS_READ, unix.SYS_PREAD64}
)

// Enter makes this program one that is watched, if Run started it; else it does nothing. It
// begins the program anew and must be called before anything else.
func Enter() {
	what := os.Getenv(env)
	if what == "" {
		return
	}
	os.Unsetenv(env)
	runtime.LockOSThread() // the filter is this thread's, and that of all that follow it
	numbers := changes
	if what == "reads" {
		numbers = append(numbers, reads...)
	}
	environment := os.Environ()
	listener, err := install(program(numbers))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// From here to the next program nothing is written or opened: nobody would answer.
	if err := unix.Sendmsg(socketFD, []byte{0}, unix.UnixRights(listener), nil, 0); err != nil {
		os.Exit(1)
	}
	unix.Close(listener)
	unix.Close(socketFD)
	// It returns only if it did not work.
	_ = syscall.Exec("/proc/self/exe", os.Args, environment)
	os.Exit(1)
}

// program is the filter: these calls are shown, all others happen.
func program(numbers []uint32) []unix.SockFilter {
	p := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}} // the call's number comes first
	for i, n := range numbers {
		p = append(p, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: uint8(len(numbers) - i), K: n})
	}
	return append(p,
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_USER_NOTIF})
}

func install(p []unix.SockFilter) (listener int, err error) {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return 0, fmt.Errorf("give up new privileges: %w", err)
	}
	prog := unix.SockFprog{Len: uint16(len(p)), Filter: &p[0]}
	// A call that was shown is not begun again because of a signal: it would be shown twice.
	const flags = unix.SECCOMP_FILTER_FLAG_NEW_LISTENER | unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return 0, fmt.Errorf("install a filter: %w", errno)
	}
	return int(fd), nil
}
