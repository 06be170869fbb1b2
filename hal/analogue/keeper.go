package analogue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"linevault/codec/wipe"
	"linevault/hal"
)

const (
	startLimit = 20 * time.Second // for a child to open its device: some drivers take a second or two, and more on a busy machine
	stallLimit = time.Second      // without a record, and a card counts as lost
	firstWait  = 500 * time.Millisecond
	lastWait   = 5 * time.Second
)

// keeper keeps one child running for a card: when a child dies, stalls or gives up, it is
// killed and another is started, at first soon, then less often.
type keeper struct {
	argv             []string
	channels, frames int
	ring             *ring
	first            chan error // nil when the first child gave audio, or why it did not
	told             bool       // first was sent
}

// run ends soon after ctx does.
func (k *keeper) run(ctx context.Context) {
	// The kernel kills a child when the thread that started it ends, so that thread is kept.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer k.ring.close()
	wait := firstWait
	for {
		audio, err := k.session(ctx)
		if ctx.Err() != nil {
			k.tell(ctx.Err())
			return
		}
		k.ring.lose(reason(err), hal.Now())
		k.tell(err)
		if audio {
			wait = firstWait
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = min(2*wait, lastWait)
	}
}

// tell answers Open, once.
func (k *keeper) tell(err error) {
	if !k.told {
		k.told = true
		k.first <- err
	}
}

// session runs one child until it fails, which is the only way that it ends. audio is true if
// it gave some.
func (k *keeper) session(ctx context.Context) (audio bool, err error) {
	c, err := startChild(k.argv)
	if err != nil {
		return false, err
	}
	stop := context.AfterFunc(ctx, c.kill)
	defer stop()
	in := watchdog{pipe: c.out, limit: startLimit}
	d := recordReader{r: &in, channels: k.channels, frames: k.frames}
	var r record
	for wipe.Thread(); ; wipe.Thread() { // run has locked it
		err := d.next(&r)
		if err == nil && r.Fault == nil {
			audio = true
			in.limit = stallLimit
			r.Mono = min(r.Mono, hal.Now())
			k.ring.add(&r)
			d.wipe(&r)
			k.tell(nil)
			continue
		}
		death := c.bury()
		switch {
		case err == nil:
			return audio, r.Fault
		case errors.Is(err, os.ErrDeadlineExceeded):
			return audio, fmt.Errorf("no audio for %v%s", in.limit, death.last.aside())
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return audio, fmt.Errorf("its driver crashed (%v)%s", death, death.last.aside())
		default:
			return audio, fmt.Errorf("reading from the process that captures: %w", err)
		}
	}
}

// watchdog is a pipe that must not be silent for long.
type watchdog struct {
	pipe  *os.File
	limit time.Duration
}

// lastLook is for this process's own sake: if it was held up itself, then its time has run
// out although there is plenty to read.
const lastLook = 100 * time.Millisecond

func (w *watchdog) Read(b []byte) (n int, err error) {
	for _, limit := range [...]time.Duration{w.limit, lastLook} {
		// This fails only on a closed pipe, which the read then reports.
		_ = w.pipe.SetReadDeadline(time.Now().Add(limit))
		n, err = w.pipe.Read(b)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
	}
	return n, err
}

// reason is err with what to do about it, as a line signals it.
func reason(err error) string {
	if f, ok := errors.AsType[*fault](err); ok && f.Hint != "" {
		return f.Text + "; " + f.Hint
	}
	return err.Error() + "; check the card and its cable"
}
