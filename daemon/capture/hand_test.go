package capture

import (
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"linevault/codec/codectest"
	"linevault/codec/pcm"
	"linevault/daemon/call"
	"linevault/daemon/link"
	"linevault/daemon/pause"
)

// A person pauses by hand where the line permits it, for a limited time, and ends nobody's pause
// but their own.
func TestPausedByHand(t *testing.T) {
	b := newBench(t)
	src := &timed{tape: tape{}, speech: codectest.Speech(t, 60*rate), began: now()}
	l := b.line(src, call.NewWhole(call.Defaults(src.Format())), usual)
	r := &Recorder{Writer: b.w, Health: b.board, Log: slog.New(slog.DiscardHandler), Commit: 200 * time.Millisecond}
	r.Start([]*Line{l})
	await(t, "the call", func() bool { return l.State().State == link.Recording })
	asha, bryn := link.UserSource("Asha", "web"), link.UserSource("Bryn", "console")
	do := func(h link.Hand) link.Switched {
		h.Line, h.At = "parking", now()
		return r.Hand(t.Context(), h)
	}
	if s := do(link.Hand{Source: asha, Reason: "card"}); s.Refused != link.NotByHand {
		t.Errorf("on a line that does not permit it: %+v", s)
	}
	src.end()
	r.Wait()

	b = newBench(t)
	src = &timed{tape: tape{}, speech: codectest.Speech(t, 60*rate), began: now()}
	l = b.line(src, call.NewWhole(call.Defaults(src.Format())), usual)
	l.Manual = 10 * time.Second
	r = &Recorder{Writer: b.w, Health: b.board, Log: slog.New(slog.DiscardHandler), Commit: 200 * time.Millisecond}
	r.Start([]*Line{l})
	await(t, "the call", func() bool { return l.State().State == link.Recording })
	for _, step := range []struct {
		hand link.Hand
		want link.Switched
		by   []string
	}{
		{link.Hand{Source: asha, Resume: true}, link.Switched{Refused: link.NotYours}, nil},
		{link.Hand{Source: asha, Reason: "4929 0000 0000 6"}, link.Switched{Refused: link.CardNumber}, nil},
		{link.Hand{Source: asha, Reason: "card"}, link.Switched{State: link.Paused}, []string{asha}},
		{link.Hand{Source: asha, Reason: "card"}, link.Switched{Refused: link.AlreadyPaused}, nil},
		{link.Hand{Source: bryn, Resume: true}, link.Switched{State: link.Paused, Refused: link.NotYours}, []string{asha}},
		{link.Hand{Source: bryn, Reason: "card"}, link.Switched{State: link.Paused}, []string{asha, bryn}},
		{link.Hand{Source: asha, Resume: true}, link.Switched{State: link.Paused}, []string{bryn}},
		{link.Hand{Source: bryn, Resume: true}, link.Switched{State: link.Recording}, nil},
	} {
		s := do(step.hand)
		if s.Refused != step.want.Refused || (step.want.State != "" && s.State != step.want.State) || (step.want.State != "" && !slices.Equal(s.PausedBy, step.by)) {
			t.Errorf("%+v: %+v, want %+v by %v", step.hand, s, step.want, step.by)
		}
		if step.want.Refused == "" && (s.At.IsZero() || s.Call == "" || s.LimitAt.IsZero() == !step.hand.Resume) {
			t.Errorf("%+v was confirmed as %+v", step.hand, s)
		}
	}
	if s := r.Hand(t.Context(), link.Hand{Line: "nowhere"}); s.Refused != link.NoSuchLine {
		t.Errorf("%+v", s)
	}
	src.end()
	r.Wait()
	_, rows := b.stored()
	if len(rows) != 1 || len(rows[0].Gaps) == 0 || rows[0].Gaps[0].By != asha || rows[0].Gaps[0].Reason != "card" {
		t.Errorf("calls %+v", rows)
	}
}

// A pause by hand that outlasts its limit is an alarm, which does not name who it was, and the
// line stays paused.
func TestPausedByHandForTooLong(t *testing.T) {
	b := newBench(t)
	speech := codectest.Speech(t, 40*rate)
	l := b.keypadLine(speech[:20*rate], speech[20*rate:], nil)
	step := func(n int) {
		for range n {
			if err := l.Step(); err != nil {
				t.Fatal(err)
			}
		}
	}
	step(30)
	by := link.UserSource("Asha Patel", "web")
	l.do(Mark{At: l.captured, Do: Pause, Source: src(by), Until: l.captured + pcm.Mono(3*time.Second)})
	step(50)
	a := b.board.Alarms()
	if len(a) != 1 || !strings.Contains(a[0].Text, "somebody who pauses by hand has paused Parking for longer") || strings.Contains(a[0].Text+a[0].Key, "Asha") {
		t.Errorf("alarms %+v", a)
	}
	if l.State().State != link.Paused {
		t.Errorf("state %+v", l.State())
	}
	l.do(Mark{At: l.captured, Do: Resume, Source: src(by)})
	if a := b.board.Alarms(); len(a) != 0 {
		t.Errorf("after the resume %+v", a)
	}
	b.run(l)
}

// A user's name is not in the configuration, and a recorder that is started again knows them
// nonetheless: they resume what they paused, also after a second start.
func TestPauseByHandOutlivesTheRecorder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pauses")
	speech := codectest.Speech(t, 40*rate)
	by := link.UserSource("Asha Patel", "web")
	for start := range 3 {
		b := newBench(t)
		l := b.keypadLine(speech[:20*rate], speech[20*rate:], nil)
		k, found := book(t, path)
		l.Standing = k
		for _, p := range found {
			l.Restore(p, "")
		}
		for range 20 {
			if err := l.Step(); err != nil {
				t.Fatal(err)
			}
		}
		switch start {
		case 0:
			r := l.do(Mark{At: l.captured, Do: Pause, Source: src(by)})
			if !k.Kept(t.Context(), r.turn) {
				t.Fatal("not kept")
			}
		case 1:
			s := l.State()
			if s.State != link.Paused || len(s.PausedBy) != 1 || strings.Contains(s.PausedBy[0], "Asha") {
				t.Fatalf("state %+v", s)
			}
			r := l.do(Mark{At: l.captured, Do: Pause, Source: src("terminal 1")}) // it is written down anew
			l.do(Mark{At: l.captured, Do: Resume, Source: src("terminal 1")})
			if !k.Kept(t.Context(), r.turn) {
				t.Fatal("not kept")
			}
		case 2:
			if r := l.do(Mark{At: l.captured, Do: Resume, Source: src(link.UserSource("Bryn", "web"))}); !r.Unasked || r.State != link.Paused {
				t.Errorf("somebody else: %+v", r)
			}
			if r := l.do(Mark{At: l.captured, Do: Resume, Source: src(by)}); r.Unasked || r.State != link.Recording {
				t.Errorf("receipt %+v", r)
			}
		}
		if err := k.Close(); err != nil {
			t.Fatal(err)
		}
		b.run(l)
	}
}

func src(name string) pause.Source { return pause.Source{Name: name} }
