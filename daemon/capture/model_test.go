package capture

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/call"
	"linevault/daemon/health"
	"linevault/daemon/link"
	"linevault/daemon/pause"
	"linevault/daemon/pause/standing"
	"linevault/hal"
	"linevault/storage"
)

// world is a recorder with one line, and a model of who asks for a pause.
type world struct {
	*testing.T
	r     *rand.Rand
	dir   string
	src   *hiss
	w     *storage.Writer
	book  *standing.Book
	rec   *Recorder
	wires [2]timely
	stop  context.CancelFunc
	gone  []func() // ends what earlier lives left behind

	asks    map[string]bool      // the model: who asks
	last    map[string]time.Time // when each last asked or resumed
	began   time.Time            // when the first of those who ask began, guard included
	paused  [][2]time.Time       // when anybody asked, guards included
	talking bool
	crashes int
}

func (w *world) live() {
	t := w.T
	var err error
	if w.w, err = storage.OpenWriter(w.dir, storage.WriterOptions{}); err != nil {
		t.Fatal(err)
	}
	book, found, intact, err := standing.Open(filepath.Join(w.dir, "pauses"), nil, nil)
	if err != nil || !intact {
		t.Fatal(intact, err)
	}
	w.book, w.src = book, &hiss{began: time.Now(), base: hal.Now()}
	board := health.NewBoard(slog.New(slog.DiscardHandler))
	l, err := NewLine(Setup{
		Source: w.src, Detector: call.NewLoop(call.Defaults(w.src.Format())), Pause: usual, Complexity: 1, Writer: w.w,
		Health: board, AtEnd: storage.FileEnd, Standing: book, Call: storage.Call{Name: "Parking", Class: "standard"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range found {
		for _, name := range []string{"terminal 1", "terminal 2"} {
			if p.By == book.Opaque(name) {
				l.Restore(p, name)
			}
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	w.stop = stop
	w.rec = &Recorder{Writer: w.w, Health: board, Log: slog.New(slog.DiscardHandler), Commit: time.Second, Standing: book}
	var contacts []Contact
	for i := range w.wires {
		w.wires[i] = make(timely)
		contacts = append(contacts, Contact{Name: fmt.Sprint(i), Input: w.wires[i], Lines: []pcm.LineID{"parking"}})
		contacts[i].Arm([]*Line{l})
	}
	w.rec.Start([]*Line{l})
	for i, c := range contacts {
		go w.rec.Watch(ctx, c)
		w.wires[i] <- hal.Edge{At: w.src.mono(time.Now()), Closed: w.asks[c.source().Name]}
	}
	if w.talking {
		w.mark(Mark{At: w.src.mono(time.Now()), Do: LoopClosed})
	}
}

// crash ends the recorder where it stands, and starts another.
func (w *world) crash() {
	w.crashes++
	w.stop()
	src, rec := w.src, w.rec
	src.state.Store(cutOff)
	synctest.Wait()
	if err := w.book.Close(); err != nil {
		w.Fatal(err)
	}
	if err := w.w.Close(); err != nil {
		w.Fatal(err)
	}
	w.gone = append(w.gone, func() { src.state.Store(ended); rec.Wait() })
	time.Sleep(time.Duration(w.r.IntN(2000)) * time.Millisecond)
	w.live()
}

func (w *world) mark(m Mark) Receipt {
	a, err := w.rec.Mark(w.Context(), "parking", m)
	if err != nil {
		w.Fatal(err)
	}
	return a
}

// set lets the model know that somebody asks, or does not any more.
func (w *world) set(name string, asks bool, at time.Time) {
	was := len(w.asks) > 0
	if w.last[name] = at; asks {
		w.asks[name] = true
	} else {
		delete(w.asks, name)
	}
	switch is := len(w.asks) > 0; {
	case is && !was:
		w.began = at.Add(-usual.GuardBefore)
	case !is && was:
		w.paused = append(w.paused, [2]time.Time{w.began, at.Add(usual.GuardAfter)})
	case is && at.Add(-usual.GuardBefore).Before(w.began):
		w.began = at.Add(-usual.GuardBefore) // this one asked earlier, and arrived later
	}
}

// step does one thing that may happen.
func (w *world) step() {
	now := time.Now()
	name := fmt.Sprintf("terminal %d", 1+w.r.IntN(2))
	// A mark may arrive as late as the hold-back lets it, but not before the one before it. One
	// that resumes does not say how late it is: others may have asked since.
	at := now.Add(-time.Duration(w.r.IntN(1200)) * time.Millisecond)
	if at.Before(w.last[name]) {
		at = w.last[name]
	}
	switch k := w.r.IntN(12); {
	case k < 3:
		if a := w.mark(Mark{At: w.src.mono(at), Do: Pause, Source: pause.Source{Name: name}}); a.Idle == w.talking {
			w.Fatalf("idle %v while a call goes on: %v", a.Idle, w.talking)
		} else if !a.Idle && !w.asks[name] {
			w.set(name, true, at)
		}
	case k < 7:
		w.mark(Mark{At: w.src.mono(now), Do: Resume, Source: pause.Source{Name: name}})
		if w.asks[name] {
			w.set(name, false, now)
		}
	case k < 10:
		i := w.r.IntN(2)
		closed := w.r.IntN(4) == 0
		w.wires[i] <- hal.Edge{At: w.src.mono(now), Closed: closed}
		if name := fmt.Sprintf("contact %d", i); w.asks[name] != closed {
			w.set(name, closed, now)
		}
	case k == 10:
		w.talking = !w.talking
		do := LoopOpen
		if w.talking {
			do = LoopClosed
		}
		w.mark(Mark{At: w.src.mono(now), Do: do})
		if !w.talking {
			time.Sleep(2 * tick) // until the line has seen it
			for _, name := range []string{"terminal 1", "terminal 2"} {
				if w.asks[name] {
					w.set(name, false, now)
				}
			}
		}
	case w.r.IntN(6) == 0:
		w.crash()
	}
}

// agrees checks that the recorder says what the model says.
func (w *world) agrees() {
	time.Sleep(2 * tick)
	synctest.Wait()
	s, err := w.rec.State("parking")
	if err != nil {
		w.Fatal(err)
	}
	var want []string
	for name := range w.asks {
		want = append(want, name)
	}
	slices.Sort(want)
	if !slices.Equal(s.PausedBy, want) {
		w.Fatalf("%v ask, and the recorder has %v, after %d crashes", want, s.PausedBy, w.crashes)
	}
	if paused := s.State == link.Paused; paused != (w.talking && len(want) > 0) {
		w.Fatalf("state %s, and the model has a call: %v, and %v asking", s.State, w.talking, want)
	}
	if len(want) > 0 && len(s.Levels) > 0 {
		w.Fatalf("levels %v while %v ask", s.Levels, want)
	}
}

// Terminals whose pauses arrive late, contacts, calls that come and go, and crashes, in any order and in the
// recorder as it runs, its clock simulated: the line is paused exactly when a model says so, and nothing of
// any pause, guards included, is stored.
func TestModelOfTheRecorder(t *testing.T) {
	seeds := uint64(8)
	if testing.Short() {
		seeds = 3
	}
	crashes, pauses, kept := 0, 0, time.Duration(0)
	for seed := range seeds {
		dir := t.TempDir()
		if err := storage.Create(dir, []string{"standard"}); err != nil {
			t.Fatal(err)
		}
		synctest.Test(t, func(t *testing.T) {
			w := &world{T: t, r: rand.New(rand.NewPCG(seed, 2)), dir: dir, asks: map[string]bool{}, last: map[string]time.Time{}}
			w.live()
			for range 150 {
				w.step()
				w.agrees()
				time.Sleep(time.Duration(w.r.IntN(1500)) * time.Millisecond)
			}
			w.stop()
			w.src.state.Store(ended)
			w.rec.Wait()
			for _, end := range w.gone {
				end()
			}
			if err := w.book.Close(); err != nil {
				t.Fatal(err)
			}
			if err := w.w.Close(); err != nil {
				t.Fatal(err)
			}
			if len(w.asks) > 0 {
				w.paused = append(w.paused, [2]time.Time{w.began, time.Now().Add(time.Hour)})
			}
			crashes, pauses = crashes+w.crashes, pauses+len(w.paused)
			kept += w.judge()
		})
	}
	if crashes == 0 || pauses == 0 || kept == 0 {
		t.Fatal("this test proves nothing")
	}
	t.Logf("%d lives of a recorder, %d pauses, %d crashes, %v kept", seeds, pauses, crashes, kept.Round(time.Second))
}

// judge checks that nothing of a pause is stored, and returns how much of the rest is.
func (w *world) judge() (kept time.Duration) {
	s, err := storage.Open(w.dir, nil)
	if err != nil {
		w.Fatal(err)
	}
	defer s.Close()
	page, err := s.Calls(storage.Query{Limit: 1000})
	if err != nil {
		w.Fatal(err)
	}
	for _, row := range page.Rows {
		p, err := s.Play(row.ID)
		if err != nil {
			w.Fatal(err)
		}
		for _, run := range p.Runs() {
			if run.Gap != nil {
				continue
			}
			// A sample at each end for rounding.
			from := row.Start.Add(row.Format.Duration(run.Span.From - row.From + 1))
			to := row.Start.Add(row.Format.Duration(run.Span.To - row.From - 1))
			kept += to.Sub(from)
			for _, q := range w.paused {
				if from.Before(q[1]) && q[0].Before(to) {
					w.Errorf("invariant 2 No leak: %v to %v is stored, and was to be paused from %v to %v; %d crashes", from, to, q[0], q[1], w.crashes)
				}
			}
		}
		p.Close()
	}
	return kept
}
