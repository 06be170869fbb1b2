// Package scrub reads at night what is stored, a share each night, so that damage is found while
// there is a backup that still has what was damaged.
package scrub

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"linevault/daemon/health"
	"linevault/storage"
	"linevault/storage/ledger"
)

// Alarm is the key of the alarm that is on while something stored cannot be read.
const Alarm = "damaged"

// Config is what is read, and who is told.
type Config struct {
	Store  *storage.Store
	Ledger *ledger.Ledger
	Health *health.Board
	Log    *slog.Logger
	Days   int // within which all is read; 0 reads nothing

	Now  func() time.Time // nil is time.Now
	Look time.Duration    // how often it looks whether it is night; zero is ten minutes
}

// The night, by the machine's local time, and how long a box that is never on at night waits.
const (
	nightFrom, nightTo = 1, 5
	overdue            = 48 * time.Hour
	look               = 10 * time.Minute
)

// Run reads a share each night until ctx ends, in a thread that everything else goes before.
func Run(ctx context.Context, c Config) {
	if c.Now == nil {
		c.Now = time.Now
	}
	c.tellKnown()
	t := time.NewTicker(cmp.Or(c.Look, look))
	defer t.Stop()
	// It ends with this goroutine, because nothing unlocks it.
	runtime.LockOSThread()
	yield()
	for c.Days > 0 {
		at, err := c.Store.Scrubbed()
		if err != nil {
			c.Log.Error("read again what is stored", "err", err)
		} else if due(at.Last, c.Now()) {
			c.Once(ctx)
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

// due reports whether it is time for a share.
func due(last, now time.Time) bool {
	since, hour := now.Sub(last), now.Local().Hour()
	if since < 0 {
		return hour >= nightFrom && hour < nightTo // the clock was put back
	}
	return since > 20*time.Hour && hour >= nightFrom && hour < nightTo || !last.IsZero() && since > overdue
}

// yield lets every other thread and process go first, on the processor and on the disk.
func yield() {
	const process, idleClass = 1, 3 << 13 // IOPRIO_WHO_PROCESS, IOPRIO_CLASS_IDLE
	// Without them it is only less polite.
	_ = unix.Setpriority(unix.PRIO_PROCESS, 0, 19)
	_, _, _ = unix.Syscall(unix.SYS_IOPRIO_SET, process, 0, idleClass)
}

// rest waits for four times as long as the work took, so that the disk is free most of the time.
func rest(ctx context.Context, work time.Duration) {
	select {
	case <-time.After(min(4*work, 2*time.Second)):
	case <-ctx.Done():
	}
}

// Once reads one share, enters what it finds in the ledger and raises the alarm.
func (c *Config) Once(ctx context.Context) {
	enter := func(what string) func(storage.Finding) error {
		return func(f storage.Finding) error {
			data := map[string]string{"segment": f.Segment}
			if f.Call != "" {
				data["part"] = f.Part.String()
			}
			_, err := c.Ledger.Append(ledger.Event{
				At: c.Now().UTC(), Kind: "damage", Who: "the box", Call: string(f.Call), Text: what + ": " + f.Text, Data: data,
			})
			return err
		}
	}
	at, err := c.Store.Scrub(ctx, storage.ScrubOptions{
		Now: c.Now(), Days: c.Days, Rest: rest, Found: enter("cannot be read any more"), Gone: enter("can be read again"),
	})
	c.tell(at)
	switch {
	case ctx.Err() != nil: // the next start goes on
	case errors.Is(err, storage.ErrUnlisted):
		c.Log.Info("read again what is stored", "note", err)
	case err != nil:
		c.Log.Error("read again what is stored", "err", err)
	default:
		c.Log.Info("read again what is stored", "segments", at.Segments, "bytes", at.Bytes, "findings", len(at.Findings))
	}
}

// tellKnown raises the alarm for what was found before this start.
func (c *Config) tellKnown() {
	if at, err := c.Store.Scrubbed(); err == nil {
		c.tell(at)
	}
}

func (c *Config) tell(at storage.Scrubbed) {
	if len(at.Findings) == 0 {
		c.Health.Clear(Alarm)
		return
	}
	segments, calls := map[string]bool{}, map[storage.CallID]bool{}
	for _, f := range at.Findings {
		segments[f.Segment] = true
		if f.Call != "" {
			calls[f.Call] = true
		}
	}
	c.Health.Raise(Alarm, "", fmt.Sprintf("%d file(s) of recordings, with %d call(s), can no longer be read in full: look at the disk, "+
		"and put the files that the Status page names back from a backup; everything else plays", len(segments), len(calls)))
}
