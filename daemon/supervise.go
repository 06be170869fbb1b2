package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// stopLimit is how long a process may take to stop: the hold-back, a commit on a slow disk,
// and some.
const stopLimit = 45 * time.Second

// child is one of the box's processes, which is started again each time that it ends.
type child struct {
	verb string
	o    boxOptions
	stop context.CancelFunc
	done chan struct{} // closed when it has ended and is not started again
}

// supervise runs `linevault VERB` until it is told to end. A process that says it cannot start
// is not tried again: it fails the whole box.
func supervise(fail context.CancelCauseFunc, verb string, o boxOptions) *child {
	ctx, stop := context.WithCancel(context.Background())
	c := &child{verb: verb, o: o, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		c.keep(ctx, fail)
	}()
	return c
}

// end stops the process in good order and waits for that.
func (c *child) end() {
	c.stop()
	<-c.done
}

func (c *child) keep(ctx context.Context, fail context.CancelCauseFunc) {
	for wait := time.Duration(0); ; {
		began := time.Now()
		err := c.once(ctx)
		if ctx.Err() != nil {
			return
		}
		var x *exec.ExitError
		if errors.As(err, &x) && (x.ExitCode() == exitMustMend || x.ExitCode() == exitUsage) {
			fail(coded{nil, x.ExitCode()}) // it has said why
			return
		}
		if time.Since(began) > time.Minute {
			wait = 0
		}
		fmt.Fprintf(os.Stderr, "linevault: the process %q ended (%v) and is started again\n", c.verb, err)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
		wait = min(wait+500*time.Millisecond, 5*time.Second)
	}
}

// once runs the process to its end. The process ends in good order when its standard input
// does, which happens however this process ends.
func (c *child) once(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, c.verb, "--supervised", "--data", c.o.dir, "--config", c.o.config)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a ^C is for us: we stop the children in order
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	_ = stdin.Close() // if it has gone already, so much the better
	select {
	case err := <-ended:
		return err
	case <-time.After(stopLimit):
		return errors.Join(errors.New("it did not stop in time and was killed"), cmd.Process.Kill())
	}
}

// lifetime is how long a process of the box lives: until a signal or, if it is supervised,
// until its standard input ends.
func (o boxOptions) lifetime(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGINT, syscall.SIGTERM)
	if o.supervised {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin) // its end is all that counts
			stop()
		}()
	}
	return ctx, stop
}
