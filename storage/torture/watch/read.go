package watch

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// read says what a call is, and whether it is one for the judge.
func (w *watcher) read(n *notification) (c Call, ok bool, err error) {
	p := thread{pid: int(n.PID), args: n.Args}
	switch n.Nr {
	case unix.SYS_OPENAT:
		flags := int(int32(n.Args[2]))
		c = Call{Op: Open, Create: flags&unix.O_CREAT != 0, Empty: flags&unix.O_TRUNC != 0}
		c.Path, err = p.path(0, 1)
	case unix.SYS_MKDIRAT:
		c = Call{Op: Mkdir}
		c.Path, err = p.path(0, 1)
	case unix.SYS_UNLINKAT:
		c = Call{Op: Remove}
		c.Path, err = p.path(0, 1)
	case unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2, unix.SYS_LINKAT:
		c = Call{Op: Rename}
		if n.Nr == unix.SYS_LINKAT {
			c.Op = Link
		}
		if c.Path, err = p.path(0, 1); err == nil {
			c.To, err = p.path(2, 3)
		}
	case unix.SYS_FTRUNCATE:
		c = Call{Op: Truncate, Size: int64(n.Args[1])}
		c.Path, err = p.file(0)
	case unix.SYS_TRUNCATE:
		c = Call{Op: Truncate, Size: int64(n.Args[1])}
		c.Path, err = p.text(0)
	case unix.SYS_FSYNC, unix.SYS_FDATASYNC:
		c = Call{Op: Sync}
		c.Path, err = p.file(0)
	case unix.SYS_READ, unix.SYS_PREAD64:
		c = Call{Op: Read}
		c.Path, err = p.file(0)
	case unix.SYS_WRITE, unix.SYS_PWRITE64:
		return w.readWrite(n, p)
	case unix.SYS_COPY_FILE_RANGE:
		c = Call{Op: Other}
		c.Path, err = p.file(2)
	case unix.SYS_SYMLINKAT, unix.SYS_OPENAT2:
		return Call{Op: Other}, true, nil
	default:
		c = Call{Op: Other}
		c.Path, err = p.file(0)
	}
	if err != nil {
		return Call{}, false, err
	}
	ok = w.below(&c.Path)
	if c.Op == Rename || c.Op == Link {
		ok = w.below(&c.To) || ok
	}
	return c, ok, nil
}

// below makes a path one from the watched folder, and says whether it is below it.
func (w *watcher) below(path *string) bool {
	rel, ok := strings.CutPrefix(*path+"/", w.dir+"/")
	if ok {
		*path = strings.TrimSuffix(rel, "/")
	}
	return ok
}

func (w *watcher) readWrite(n *notification, p thread) (c Call, ok bool, err error) {
	if n.Args[0] == 1 {
		c = Call{Op: Said}
	} else {
		c = Call{Op: Write, At: int64(n.Args[3])}
		if c.Path, err = p.file(0); err != nil {
			return c, false, err
		}
		if !w.below(&c.Path) {
			return c, false, nil
		}
		if n.Nr == unix.SYS_WRITE {
			if c.At, err = p.at(); err != nil {
				return c, false, err
			}
		}
	}
	c.Data = make([]byte, n.Args[2])
	return c, true, p.memory(c.Data, n.Args[1])
}

// thread is a thread of the program that waits in a call.
type thread struct {
	pid  int
	args [6]uint64
}

func (p thread) proc(format string, a ...any) string {
	return fmt.Sprintf("/proc/%d/", p.pid) + fmt.Sprintf(format, a...)
}

// memory fills b with what the program has at an address.
func (p thread) memory(b []byte, address uint64) error {
	if len(b) == 0 {
		return nil
	}
	f, err := os.Open(p.proc("mem"))
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.ReadAt(b, int64(address))
	return err
}

// text is the text that an argument points to.
func (p thread) text(arg int) (string, error) {
	f, err := os.Open(p.proc("mem"))
	if err != nil {
		return "", err
	}
	defer f.Close()
	b := make([]byte, unix.PathMax)
	// It ends before the memory does.
	n, err := f.ReadAt(b, int64(p.args[arg]))
	end := bytes.IndexByte(b[:n], 0)
	if end < 0 {
		return "", fmt.Errorf("a path has no end: %w", err)
	}
	return string(b[:end]), nil
}

// path is a path given by an argument, below the folder that another one gives.
func (p thread) path(folder, arg int) (string, error) {
	s, err := p.text(arg)
	if err != nil || filepath.IsAbs(s) {
		return filepath.Clean(s), err
	}
	link := p.proc("cwd")
	if fd := int32(p.args[folder]); fd != unix.AT_FDCWD {
		link = p.proc("fd/%d", fd)
	}
	in, err := os.Readlink(link)
	return filepath.Join(in, s), err
}

// file is the path of the file that an argument has open.
func (p thread) file(arg int) (string, error) {
	s, err := os.Readlink(p.proc("fd/%d", int32(p.args[arg])))
	if os.IsNotExist(err) {
		return "", nil // not a file that it has open: the kernel will say so
	}
	return s, err
}

// at is where the next write goes.
func (p thread) at() (int64, error) {
	b, err := os.ReadFile(p.proc("fdinfo/%d", int32(p.args[0])))
	if err != nil {
		return 0, err
	}
	at := int64(0)
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "flags:"); ok {
			flags, err := strconv.ParseInt(strings.TrimSpace(v), 8, 64)
			if err != nil {
				return 0, err
			}
			if flags&unix.O_APPEND != 0 {
				return Append, nil
			}
		}
		if v, ok := strings.CutPrefix(line, "pos:"); ok {
			if at, err = strconv.ParseInt(strings.TrimSpace(v), 10, 64); err != nil {
				return 0, err
			}
		}
	}
	return at, nil
}
