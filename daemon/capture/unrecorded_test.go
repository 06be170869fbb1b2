package capture

import (
	"strings"
	"testing"

	"linevault/codec/codectest"
	"linevault/codec/pcm"
	"linevault/daemon/call"
	"linevault/daemon/link"
	"linevault/daemon/output"
	"linevault/daemon/pause"
	"linevault/storage"
)

// told steps l once, and checks what everybody is told of it then: its state and the reason, and
// the lamp that says that it is being recorded.
func (b *bench) told(l *Line, want link.State, why string) {
	b.t.Helper()
	l.Flush()
	if err := l.Step(); err != nil {
		b.t.Fatal(err)
	}
	s := l.State()
	if s.State != want || (s.Problem == "") != (why == "") || !strings.Contains(s.Problem, why) {
		b.t.Errorf("the line is %s, %q; want %s, %q", s.State, s.Problem, want, why)
	}
	lamp := output.Output{When: output.Recording, Lines: []pcm.LineID{s.Line}}
	if lit := lamp.On([]link.LineState{*s}); lit != (want == link.Recording) {
		b.t.Errorf("the line is %s, and the lamp is %v", s.State, lit)
	}
}

func (b *bench) talking() *Line {
	b.t.Helper()
	src, speech := &tape{}, codectest.Speech(b.t, 20*rate)
	for p := pcm.Pos(0); p < 20*rate; p += rate / 10 {
		src.sound(speech, 1, p, rate/10)
	}
	return b.line(src, call.NewWhole(call.Defaults(src.Format())), usual)
}

// While no sound is kept, no line says that it records, from the next step on and until sound is
// kept again. A pause is a pause all the same.
func TestUnrecordedWithoutRoom(t *testing.T) {
	b := newBench(t)
	l := b.talking()
	changes := 0
	l.Changed = func(_, _ *link.LineState) { changes++ }
	b.told(l, link.Recording, "")
	begun := changes
	b.w.StopSound("the disk is full")
	b.told(l, link.Unrecorded, "not being recorded: the disk is full")
	if changes != begun+1 {
		t.Errorf("lamps and webhooks are told of %d changes", changes-begun)
	}
	till := pause.Source{Name: "terminal 1"}
	if r := l.do(Mark{At: l.captured, Do: Pause, Source: till}); r.State != link.Paused {
		t.Errorf("a pause: %+v", r)
	}
	b.told(l, link.Paused, "")
	if r := l.do(Mark{At: l.captured, Do: Resume, Source: till}); r.State != link.Unrecorded || !strings.Contains(r.Problem, "the disk is full") {
		t.Errorf("a resume: %+v", r)
	}
	b.told(l, link.Unrecorded, "the disk is full")
	b.w.StopSound("")
	b.told(l, link.Recording, "")
	b.run(l)
}

// The same where what was recorded cannot be written, and so much waits that no more may.
func TestUnrecordedBehindTheDisk(t *testing.T) {
	b := newBench(t)
	if err := b.w.Close(); err != nil {
		t.Fatal(err)
	}
	var err error
	if b.w, err = storage.OpenWriter(b.dir, storage.WriterOptions{Backlog: 5000, OnProblem: func(err error) { t.Error(err) }}); err != nil {
		t.Fatal(err)
	}
	l := b.talking()
	b.told(l, link.Recording, "")
	for range 100 { // nothing is committed
		l.Flush()
		if err := l.Step(); err != nil {
			t.Fatal(err)
		}
	}
	b.told(l, link.Unrecorded, "the disk did not keep up")
	if err := b.w.Commit(); err != nil {
		t.Fatal(err)
	}
	b.told(l, link.Recording, "")
	b.run(l)
}

// And where the recording of the call itself has broken.
func TestUnrecordedOnceBroken(t *testing.T) {
	b := newBench(t)
	l := b.talking()
	b.told(l, link.Recording, "")
	if err := b.w.Close(); err != nil {
		t.Fatal(err)
	}
	for range 30 { // the hold-back, and some
		if err := l.Step(); err != nil {
			t.Fatal(err)
		}
	}
	b.told(l, link.Unrecorded, "the store is closed")
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}
