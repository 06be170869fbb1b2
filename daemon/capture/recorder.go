package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"linevault/codec/pcm"
	"linevault/codec/wipe"
	"linevault/daemon/health"
	"linevault/daemon/link"
	"linevault/daemon/pause/standing"
	"linevault/storage"
)

// tick is how often a worker steps its lines. Longer saves some CPU, and shorter serves live
// listening better; a mark does not wait for it.
const tick = 100 * time.Millisecond

// Recorder runs the lines: a worker per core, each stepping its own lines, and one writer
// that makes durable what all of them recorded.
type Recorder struct {
	Writer *storage.Writer
	Health *health.Board
	Log    *slog.Logger
	Commit time.Duration
	// Space watches how much room the disk has; nil for nobody.
	Space *Space
	// Standing is where the lines write down who asks for a pause; nil for nowhere.
	Standing *standing.Book

	lines   []*Line
	workers []*worker
	of      map[pcm.LineID]*worker
	wait    sync.WaitGroup // workers
	stop    context.CancelFunc
	stopped chan struct{} // closed once the last commit is made
}

// worker owns a share of the lines.
type worker struct {
	lines []*Line
	wake  chan struct{}
	flush chan chan<- struct{}
	gone  chan struct{} // closed when all its lines have ended
	log   *slog.Logger
}

// ErrNoLine says that there is no such line.
var ErrNoLine = errors.New("there is no such line")

// ErrBusy says that a line did not confirm a mark in time.
var ErrBusy = errors.New("the recorder did not confirm in time")

// Start begins to step lines, which the recorder owns from now on.
func (r *Recorder) Start(lines []*Line) {
	ctx, cancel := context.WithCancel(context.Background())
	r.lines, r.stop, r.stopped = lines, cancel, make(chan struct{})
	r.of = map[pcm.LineID]*worker{}
	for i, l := range lines {
		if i < runtime.GOMAXPROCS(0) {
			r.workers = append(r.workers, &worker{
				wake: make(chan struct{}, 1), flush: make(chan chan<- struct{}), gone: make(chan struct{}), log: r.Log,
			})
		}
		w := r.workers[i%runtime.GOMAXPROCS(0)]
		w.lines = append(w.lines, l)
		r.of[l.Source.ID()] = w
	}
	for _, w := range r.workers {
		r.wait.Go(w.run)
	}
	go r.commits(ctx)
}

// Wait returns when every line has ended, which they do when their cards are closed, and
// everything recorded has been committed.
func (r *Recorder) Wait() {
	r.wait.Wait()
	r.stop()
	<-r.stopped
}

// commits makes durable, each interval, what all lines sealed at that instant: all pending
// sound is sealed first, so a power cut costs no more than the hold-back and one interval.
func (r *Recorder) commits(ctx context.Context) {
	defer close(r.stopped)
	t := time.NewTicker(r.Commit)
	defer t.Stop()
	for ctx.Err() == nil {
		if r.Space != nil {
			r.Space.look()
		}
		select {
		case <-t.C:
			r.seal(ctx)
		case <-ctx.Done():
		}
		if err := r.Writer.Commit(); err != nil {
			r.Health.Raise("storage", "", fmt.Sprintf("recordings wait in memory: %v", err))
		} else {
			r.Health.Clear("storage")
		}
	}
}

func (r *Recorder) seal(ctx context.Context) {
	done := make(chan struct{}, len(r.workers))
	asked := 0
	for _, w := range r.workers {
		select {
		case w.flush <- done:
			asked++
		case <-w.gone:
		case <-ctx.Done():
		case <-time.After(r.Commit / 2): // a worker that is behind is committed a little later
		}
	}
	for range asked {
		<-done
	}
}

// run steps the lines until all have ended. It has a thread of its own, in which nothing of
// the sound stays after a step: what of it is in a pause would be in a core file.
func (w *worker) run() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(w.gone)
	wipe.Thread()
	t := time.NewTicker(tick)
	defer t.Stop()
	for len(w.lines) > 0 {
		select {
		case <-t.C:
		case <-w.wake:
		case done := <-w.flush:
			for _, l := range w.lines {
				l.Flush()
			}
			done <- struct{}{}
			continue
		}
		w.step()
		wipe.Thread()
	}
}

// step steps each line until it has caught up with its card. A line's error is reported and
// the line goes on; one that has ended is let go.
func (w *worker) step() {
	keep := w.lines[:0]
	for _, l := range w.lines {
		err := l.Step()
		for err == nil && l.block.Frame.Len() >= l.behind() {
			err = l.Step()
		}
		if err == io.EOF {
			if err := l.Close(); err != nil {
				w.log.Error("line closed", "line", l.Source.ID(), "err", err)
			}
			continue
		}
		if err != nil {
			w.log.Error("line stepped", "line", l.Source.ID(), "err", err)
		}
		keep = append(keep, l)
	}
	w.lines = keep
}

// Status is all lines as they are now.
func (r *Recorder) Status() link.Status {
	s := link.Status{At: time.Now().UTC(), Alarms: r.Health.Alarms()}
	for _, l := range r.lines {
		s.Lines = append(s.Lines, *l.State())
	}
	return s
}

// State is one line as it is now.
func (r *Recorder) State(id pcm.LineID) (link.LineState, error) {
	for _, l := range r.lines {
		if l.Source.ID() == id {
			return *l.State(), nil
		}
	}
	return link.LineState{}, ErrNoLine
}

// toDisk is how long a mark waits for the disk. The gate has switched by then; a disk that
// stalls must not keep a terminal waiting for that.
const toDisk = 50 * time.Millisecond

// kept waits until what a mark did would outlast a power cut, if the disk lets it.
func (r *Recorder) kept(ctx context.Context, a Receipt) bool {
	if r.Standing == nil || a.Idle || a.Other {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, toDisk)
	defer cancel()
	return r.Standing.Kept(ctx, a.turn)
}

// Mark asks a line for something and returns once the gate has switched.
func (r *Recorder) Mark(ctx context.Context, id pcm.LineID, m Mark) (Receipt, error) {
	w := r.of[id]
	if w == nil {
		return Receipt{}, ErrNoLine
	}
	answer := make(chan Receipt, 1)
	m.answer = answer
	for _, l := range r.lines {
		if l.Source.ID() == id && !l.Post(m) {
			return Receipt{}, ErrBusy
		}
	}
	select {
	case w.wake <- struct{}{}:
	default: // it is awake
	}
	select {
	case a := <-answer:
		a.Kept = r.kept(ctx, a)
		return a, nil
	case <-ctx.Done():
		return Receipt{}, ErrBusy
	}
}
