// Package watch runs a program whose calls to the file system are shown to a judge before they
// happen: by the kernel's own notification (seccomp), so the program is the real one and does
// not know. The judge lets a call be, makes it fail, cuts it short or keeps it waiting.
package watch

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// Op is what a call does.
type Op string

// The calls that a judge is shown. Other is one that changes a file in a way that is not
// modelled here; a judge that records must refuse it.
const (
	Open     Op = "open"
	Read     Op = "read"
	Write    Op = "write"
	Truncate Op = "truncate"
	Sync     Op = "sync"
	Rename   Op = "rename"
	Link     Op = "link"
	Remove   Op = "remove"
	Mkdir    Op = "mkdir"
	Said     Op = "said" // written to standard output
	Other    Op = "other"
)

// Call is a call that is about to happen.
type Call struct {
	Op   Op
	Path string // below the folder that is watched
	To   string // of Rename and Link
	Data []byte // of Write and Said; the judge may keep it
	At   int64  // of Write: where, or Append
	Size int64  // of Truncate

	Create, Empty bool // of Open: it makes the file, or empties it
}

// Append stands for the end of the file.
const Append = -1

// Answer is what is to become of a call. The zero Answer lets it be.
type Answer struct {
	Errno unix.Errno      // it fails with this and does nothing
	Short bool            // half of what is to be written is
	After <-chan struct{} // it waits for this first
}

// ErrUnavailable says that this machine lets no program be watched.
var ErrUnavailable = errors.New("this machine does not let a program's calls be watched")

// Config is what to watch.
type Config struct {
	Dir   string // only calls on files below it are shown
	Reads bool   // reads are shown, too
	// Judge is asked about each call, one at a time.
	Judge func(Call) Answer
}

// How the child knows that it is watched, and on which descriptor it hands over the listener.
const (
	env      = "LINEVAULT_TEST_WATCHED"
	socketFD = 3
)

// Run runs cmd, the program of which calls Enter first, until it ends; what ends it, Kill for
// instance, is the judge's affair. The error is that of cmd.Wait, or says that there was no
// watching.
func Run(cmd *exec.Cmd, c Config) error {
	dir, err := filepath.EvalSymlinks(c.Dir)
	if err != nil {
		return err
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	theirs := os.NewFile(uintptr(pair[1]), "theirs")
	defer unix.Close(pair[0])
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	what := "changes"
	if c.Reads {
		what = "reads"
	}
	cmd.Env = append(cmd.Env, env+"="+what)
	cmd.ExtraFiles = []*os.File{theirs}
	var said strings.Builder
	if cmd.Stderr == nil {
		cmd.Stderr = &said
	}
	if err := errors.Join(cmd.Start(), theirs.Close()); err != nil {
		return err
	}
	listener, err := receive(pair[0])
	if err != nil {
		return fmt.Errorf("%w: %w: %s", ErrUnavailable, errors.Join(err, cmd.Wait()), said.String())
	}
	w := watcher{Config: c, dir: dir, listener: listener, pid: cmd.Process.Pid}
	err = w.loop()
	if err != nil {
		_ = cmd.Process.Kill() // it may have ended
	}
	w.waiting.Wait()
	err = errors.Join(err, cmd.Wait(), unix.Close(listener))
	if err != nil && said.Len() > 0 {
		err = fmt.Errorf("%w: %s", err, said.String())
	}
	return err
}

// receive takes the listener from the child.
func receive(socket int) (int, error) {
	oob := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(socket, make([]byte, 1), oob, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return 0, err
	}
	list, err := unix.ParseSocketControlMessage(oob[:n])
	if err != nil {
		return 0, err
	}
	if len(list) != 1 {
		return 0, errors.New("the program did not hand over its listener")
	}
	fds, err := unix.ParseUnixRights(&list[0])
	if err != nil || len(fds) != 1 {
		return 0, errors.Join(errors.New("the program handed over something else"), err)
	}
	return fds[0], nil
}
