package output

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/link"
)

// beat is how often the keeper is told although nothing has changed.
const beat = 500 * time.Millisecond

// Board is where alarms are raised.
type Board interface {
	Raise(key string, line pcm.LineID, text string)
	Clear(key string)
}

// Follower tells the keeper what the lines do.
type Follower struct {
	Outputs []Output
	Status  func() link.Status
	Health  Board
	Keeper  func() (*exec.Cmd, error) // makes its process anew
	changed chan struct{}
}

// Open makes a follower ready for Changed.
func (f *Follower) Open() { f.changed = make(chan struct{}, 1) }

// Changed says that a line does something else. It does not wait. Of nil it does nothing.
func (f *Follower) Changed() {
	if f == nil {
		return
	}
	select {
	case f.changed <- struct{}{}:
	default:
	}
}

// Run keeps a keeper running until ctx ends, and then lets it switch everything off.
func (f *Follower) Run(ctx context.Context) {
	const key = "outputs"
	for ctx.Err() == nil {
		err := f.once(ctx, func() { f.Health.Clear(key) })
		if ctx.Err() != nil {
			return
		}
		f.Health.Raise(key, "", fmt.Sprintf("lamps and relays do not follow the lines, and are off: the process that holds their pins ended (%v); it is started again", err))
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
}

// once runs a keeper to its end.
func (f *Follower) once(ctx context.Context, works func()) error {
	cmd, err := f.Keeper()
	if err != nil {
		return err
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a ^C is for the recorder, which ends it in order
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		f.hear(out)
	}()
	err = f.tell(ctx, in, ended, works)
	_ = in.Close() // it has ended, or ends now
	<-ended
	if wait := cmd.Wait(); wait != nil {
		return wait
	}
	return err
}

// tell tells the keeper until ctx ends, or it does.
func (f *Follower) tell(ctx context.Context, in io.Writer, ended <-chan struct{}, works func()) error {
	t := time.NewTicker(beat)
	defer t.Stop()
	for n := 0; ; n++ {
		if _, err := in.Write(message(f.Outputs, f.Status().Lines)); err != nil {
			return err
		}
		if n == 1 {
			works()
		}
		select {
		case <-f.changed:
		case <-t.C:
		case <-ended:
			return io.ErrUnexpectedEOF
		case <-ctx.Done():
			return nil
		}
	}
}

// hear raises and clears alarms as the keeper says.
func (f *Follower) hear(out io.Reader) {
	for s := bufio.NewScanner(out); s.Scan(); {
		number, fault, _ := strings.Cut(s.Text(), " ")
		i, err := strconv.Atoi(number)
		if err != nil || i < 0 || i >= len(f.Outputs) {
			continue
		}
		key := "output " + f.Outputs[i].Name
		if fault == "" {
			f.Health.Clear(key)
			continue
		}
		f.Health.Raise(key, "", fmt.Sprintf("output %s cannot be switched: %s", f.Outputs[i].Name, fault))
	}
}
