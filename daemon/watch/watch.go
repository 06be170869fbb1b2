// Package watch looks after the quality of lines while calls go on: it finds a line that has been silent for too
// long, a leg without sound, speech that is too quiet or too loud, and two lines that carry the same.
package watch

import (
	"context"
	"fmt"
	"sync"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/health"
)

// Watch is all lines of a recorder.
type Watch struct {
	board *health.Board
	ears  []*Ear
	pairs map[[2]int]*pair
}

// New is a watch that raises alarms on a board.
func New(board *health.Board) *Watch { return &Watch{board: board, pairs: map[[2]int]*pair{}} }

// Options are what is usual on a line.
type Options struct {
	SilentAfter time.Duration                   // without a call for so long is an alarm; 0 for never
	Outside     func(at time.Time) (why string) // its opening hours; nil for always open
}

// Line begins to watch a line. All are named before Run.
func (w *Watch) Line(id pcm.LineID, name string, f pcm.Format, o Options) *Ear {
	e := &Ear{watch: w, id: id, name: name, format: f, o: o, block: f.Rate / blocks}
	for range f.Legs {
		e.legs = append(e.legs, &leg{raw: make([]int16, keepRaw*f.Rate)})
	}
	w.ears = append(w.ears, e)
	return e
}

const (
	blocks   = 50              // a second: sound is judged by the 20 ms
	keepRaw  = 4               // seconds of samples
	lookEach = 8 * time.Second // how often lines are compared
)

// Run compares lines until ctx ends.
func (w *Watch) Run(ctx context.Context) {
	t := time.NewTicker(lookEach)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			w.Compare()
			now := time.Now()
			for _, e := range w.ears {
				e.silent(now, lookEach)
			}
		case <-ctx.Done():
			return
		}
	}
}

// Ear hears one line. A nil Ear hears nothing.
type Ear struct {
	watch  *Watch
	id     pcm.LineID
	name   string
	format pcm.Format
	o      Options
	block  int // samples

	mu    sync.Mutex // guards what follows
	legs  []*leg
	fill  int           // samples of the block that is not complete
	call  int           // counts calls
	open  int           // calls: one may begin before the sound of the one before it is through
	quiet time.Duration // opening hours since the last call
}

// Began notes that there is a call.
func (e *Ear) Began() {
	if e == nil {
		return
	}
	e.mu.Lock()
	e.call, e.open, e.quiet = e.call+1, e.open+1, 0
	e.mu.Unlock()
	e.watch.board.Clear(e.key("silent"))
}

// Add takes in sound of the call that goes on, as it is recorded; at is when its first sample was captured.
func (e *Ear) Add(f pcm.Frame, at pcm.Mono) {
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	n := int(f.Len())
	for from := 0; from < n; {
		some := min(n-from, e.block-e.fill)
		for i, l := range e.legs {
			l.take(f.PCM[from*f.Format.Legs+i:], f.Format.Legs, some)
		}
		e.fill += some
		from += some
		if e.fill == e.block {
			e.fill = 0
			slot := int64(at+pcm.Mono(f.Format.Duration(pcm.Pos(from)))) / int64(time.Second/blocks)
			for _, l := range e.legs {
				l.complete(slot, e.block)
			}
		}
	}
}

// End notes that the call is over.
func (e *Ear) End() {
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.open = max(0, e.open-1)
	e.judge()
	for _, l := range e.legs {
		l.forget()
	}
}

func (e *Ear) key(what string) string { return what + " " + string(e.id) }

// alarm raises or clears an alarm on the line.
func (e *Ear) alarm(on bool, what, text string) {
	if on {
		e.watch.board.Raise(e.key(what), e.id, text)
	} else {
		e.watch.board.Clear(e.key(what))
	}
}

// silent adds time without a call, as far as the line is open.
func (e *Ear) silent(now time.Time, passed time.Duration) {
	if e.o.SilentAfter == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.open > 0 || e.o.Outside != nil && e.o.Outside(now) != "" {
		return
	}
	if e.quiet += passed; e.quiet < e.o.SilentAfter {
		return
	}
	e.alarm(true, "silent", fmt.Sprintf(
		"there has been no call on %s for %s of its opening hours: ring it, and look on the Lines page whether the call appears; if not, check the tap",
		e.name, hours(e.o.SilentAfter)))
}

func hours(d time.Duration) string {
	if d%time.Hour == 0 {
		return fmt.Sprintf("%d h", d/time.Hour)
	}
	return d.String()
}
