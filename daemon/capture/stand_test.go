package capture

import (
	"path/filepath"
	"testing"
	"time"

	"linevault/codec/codectest"
	"linevault/codec/pcm"
	"linevault/daemon/call"
	"linevault/daemon/link"
	"linevault/daemon/pause"
	"linevault/daemon/pause/standing"
	"linevault/storage"
)

func book(t *testing.T, path string) (*standing.Book, []standing.Pause) {
	t.Helper()
	b, found, intact, err := standing.Open(path, nil, nil)
	if err != nil || !intact {
		t.Fatalf("intact %v, %v", intact, err)
	}
	t.Cleanup(func() { _ = b.Close() }) // the test is over
	return b, found
}

// Invariant 2, No leak: a recorder that died in a pause pauses again from its first sample,
// until whoever asked resumes.
func TestInvariantPauseOutlivesTheRecorder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pauses")
	speech := codectest.Speech(t, 60*rate)
	by := pause.Source{Name: "terminal 1"}
	first := newBench(t)
	l := first.keypadLine(speech[:20*rate], speech[20*rate:40*rate], nil)
	l.Standing, _ = book(t, path)
	for range 50 {
		if err := l.Step(); err != nil {
			t.Fatal(err)
		}
	}
	r := l.do(Mark{At: l.captured, Do: Pause, Source: by, Until: l.captured + pcm.Mono(time.Hour)})
	if r.State != link.Paused || !l.Standing.Kept(t.Context(), r.turn) {
		t.Fatalf("receipt %+v", r)
	}
	// The recorder dies here: nothing is closed.
	b := newBench(t)
	l = b.keypadLine(speech[:20*rate], speech[20*rate:40*rate], nil)
	var found []standing.Pause
	l.Standing, found = book(t, path)
	if len(found) != 1 || found[0].By != l.Standing.Opaque(by.Name) || found[0].Line != l.Standing.Opaque("parking") || found[0].Until.IsZero() {
		t.Fatalf("found %+v", found)
	}
	l.Restore(found[0], by.Name)
	for range 50 {
		if err := l.Step(); err != nil {
			t.Fatal(err)
		}
	}
	if s := l.State(); s.State != link.Paused || len(s.PausedBy) != 1 {
		t.Errorf("state %+v", s)
	}
	if r := l.do(Mark{At: l.captured, Do: Resume, Source: by}); r.State != link.Recording {
		t.Errorf("receipt %+v", r)
	}
	_, rows := b.run(l)
	if len(rows) != 1 || len(rows[0].Gaps) != 1 || rows[0].Gaps[0].Span != (pcm.Span{From: 0, To: 5*rate + rate/5}) || rows[0].Gaps[0].By != by.Name {
		t.Errorf("calls %+v", rows)
	}
	if _, found := book(t, path); len(found) != 0 {
		t.Errorf("after the resume %v stands", found)
	}
}

// A pause that stood is over once the line has been idle for a minute: its call has ended.
func TestRestoredPauseEndsOnAnIdleLine(t *testing.T) {
	b, src := newBench(t), &tape{}
	speech := codectest.Speech(t, 100*rate)
	l := b.line(src, call.NewLoop(call.Defaults(src.Format())), usual)
	l.Restore(standing.Pause{}, "terminal 1")
	for p := pcm.Pos(0); p < 70*rate; p += rate / 10 {
		src.sound(speech, 1, p, rate/10)
		src.blocks[len(src.blocks)-1].Captured += l.restored
	}
	for i := range 690 {
		if err := l.Step(); err != nil {
			t.Fatal(err)
		}
		if asks := len(l.gate.Asking()) > 0; asks != (i < 600) && (i < 590 || i > 610) {
			t.Fatalf("after %d blocks it is paused: %v", i, asks)
		}
	}
}

func TestLimitIsAnAlarmAndThePauseStays(t *testing.T) {
	speech := codectest.Speech(t, 60*rate)
	for _, on := range []OnLimit{StayAtLimit, ResumeAtLimit} {
		b := newBench(t)
		l := b.keypadLine(speech[:30*rate], speech[30*rate:], func(s *Setup) {
			s.OnLimit, s.PauseLimit = on, 5*time.Second
		})
		for i := range 200 {
			if err := l.Step(); err != nil {
				t.Fatal(err)
			}
			if i == 99 {
				l.do(Mark{At: l.captured, Do: Pause, Source: pause.Source{Name: "terminal 1"}})
			}
			if n := len(b.board.Alarms()); (n == 1) != (i > 149) && (i < 148 || i > 152) {
				t.Fatalf("after %d blocks there are %d alarms", i, n)
			}
		}
		_, rows := b.run(l)
		g := rows[0].Gaps
		if len(g) != 1 || g[0].Cause != storage.Paused || g[0].Span.From != 95*rate/10 {
			t.Fatalf("gaps %+v", g)
		}
		if want := pcm.Pos(30 * rate); on == StayAtLimit && g[0].Span.To != want {
			t.Errorf("it did not stay paused: %v", g[0].Span)
		}
		// It resumes at the limit, or at once when that is seen, a block later.
		if over := g[0].Span.To - 15*rate - rate/5; on == ResumeAtLimit && (over < 0 || over > rate/5) {
			t.Errorf("it resumed at %v", g[0].Span)
		}
	}
}
