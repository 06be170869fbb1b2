package analogue

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

const (
	// reapLimit is how long a dead child is waited for; the kernel may keep one that is
	// stuck in a driver for as long as it likes.
	reapLimit = 200 * time.Millisecond
	// pipeSize holds some seconds of a card's audio, should this process be held up.
	pipeSize = 1 << 20
)

// child is the process that captures one card.
type child struct {
	cmd    *exec.Cmd
	out    *os.File // its records
	last   lastLine // what it or a driver said last on standard error
	reaped chan struct{}
}

func startChild(argv []string) (*child, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("making a pipe: %w", err)
	}
	defer w.Close()
	// The usual 64 kB will do where an administrator has forbidden more.
	_, _ = unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, pipeSize)
	c := &child{cmd: exec.Command(argv[0], argv[1:]...), out: r, reaped: make(chan struct{})}
	c.cmd.Stdout, c.cmd.Stderr = w, &c.last
	c.cmd.WaitDelay = reapLimit
	// Of a crash in a driver one line says enough; registers do not.
	c.cmd.Env = append(os.Environ(), "GOTRACEBACK=none")
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.cmd.Start(); err != nil {
		r.Close()
		return nil, fmt.Errorf("starting the process that captures: %w", err)
	}
	go func() {
		defer close(c.reaped)
		_ = c.cmd.Wait() // its state says more than this error
	}()
	return c, nil
}

// kill ends the child and whoever is reading its records.
func (c *child) kill() {
	_ = c.cmd.Process.Kill() // an error means that it is dead already
	c.out.Close()
}

// bury kills the child and says how it ended.
func (c *child) bury() *obituary {
	c.kill()
	select {
	case <-c.reaped:
		return &obituary{state: c.cmd.ProcessState, last: &c.last}
	case <-time.After(reapLimit + reapLimit/2):
		return &obituary{last: &c.last}
	}
}

// obituary is how a child ended.
type obituary struct {
	state *os.ProcessState // nil if the kernel has not let it go
	last  *lastLine
}

func (o *obituary) String() string {
	if o.state == nil {
		return "stuck in the kernel"
	}
	return o.state.String()
}

// lastLine swallows a stream and keeps its last line. ALSA and JACK print dozens while they
// look for devices, all of it harmless as long as there is audio.
type lastLine struct {
	mu    sync.Mutex // guards all below
	line  []byte
	ended bool // a newline came: what follows is another line
}

// maxLine bounds what is kept.
const maxLine = 200

func (l *lastLine) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for part := range bytes.Lines(b) {
		text := bytes.TrimRight(part, "\r\n")
		if l.ended && len(text) > 0 {
			l.line, l.ended = l.line[:0], false
		}
		l.line = append(l.line, text[:min(len(text), maxLine-min(maxLine, len(l.line)))]...)
		l.ended = l.ended || len(text) < len(part)
	}
	return len(b), nil
}

// aside is the line as the end of an error, or nothing.
func (l *lastLine) aside() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.line) == 0 || !utf8.Valid(l.line) {
		return ""
	}
	return fmt.Sprintf(" (it said %q)", l.line)
}
