package capture

import (
	"bytes"
	"encoding/binary"
	"io"
	"log/slog"
	"slices"
	"testing"
	"time"

	"linevault/codec/codectest"
	"linevault/codec/pcm"
	"linevault/codec/wav"
	"linevault/daemon/call"
	"linevault/daemon/health"
	"linevault/daemon/link"
	"linevault/daemon/pause"
	"linevault/hal"
	"linevault/hal/replay"
	"linevault/storage"
	"linevault/storage/sound"
)

const rate = 8000

// bench is a store and what a line needs besides its source.
type bench struct {
	t     *testing.T
	dir   string
	w     *storage.Writer
	board *health.Board
}

func newBench(t *testing.T) *bench {
	t.Helper()
	dir := t.TempDir()
	if err := storage.Create(dir, []string{"standard"}); err != nil {
		t.Fatal(err)
	}
	w, err := storage.OpenWriter(dir, storage.WriterOptions{OnProblem: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	return &bench{t: t, dir: dir, w: w, board: health.NewBoard(slog.New(slog.DiscardHandler))}
}

var usual = pause.Policy{HoldBack: 2 * time.Second, GuardBefore: 500 * time.Millisecond, GuardAfter: 200 * time.Millisecond}

func (b *bench) line(src hal.Line, d call.Detector, p pause.Policy) *Line {
	b.t.Helper()
	l, err := NewLine(Setup{
		Source: src, Detector: d, Pause: p, Complexity: 5, Writer: b.w, Health: b.board, AtEnd: storage.FileEnd,
		Call: storage.Call{Name: "Parking", Class: "standard"},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return l
}

// run steps l to its end and returns what was stored, checked.
func (b *bench) run(l *Line) (*storage.Store, []storage.Row) {
	b.t.Helper()
	for err := error(nil); err != io.EOF; {
		if err = l.Step(); err != nil && err != io.EOF {
			b.t.Fatal(err)
		}
	}
	return b.stored()
}

func (b *bench) stored() (*storage.Store, []storage.Row) {
	b.t.Helper()
	if err := b.w.Commit(); err != nil {
		b.t.Fatal(err)
	}
	if err := b.w.Close(); err != nil {
		b.t.Fatal(err)
	}
	r, err := storage.Check(b.dir, nil, storage.CheckOptions{})
	if err != nil || !r.OK() {
		b.t.Fatalf("check: %+v, %v", r, err)
	}
	s, err := storage.Open(b.dir, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { s.Close() })
	p, err := s.Calls(storage.Query{Limit: 1000})
	if err != nil {
		b.t.Fatal(err)
	}
	slices.Reverse(p.Rows) // oldest first
	return s, p.Rows
}

// file is a WAV file of two legs.
func file(t *testing.T, near, far []int16) hal.Line {
	t.Helper()
	var b bytes.Buffer
	if err := wav.WriteHeader(&b, pcm.Format{Rate: rate, Legs: 2}, int64(len(near))); err != nil {
		t.Fatal(err)
	}
	both := make([]int16, 0, 2*len(near))
	for i := range near {
		both = append(both, near[i], far[i])
	}
	if err := binary.Write(&b, binary.LittleEndian, both); err != nil {
		t.Fatal(err)
	}
	r, err := wav.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	l, err := replay.File("parking", r, 0)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// decoded is a call's sound, leg by leg.
func decoded(t *testing.T, s *storage.Store, id storage.CallID) [2][]int16 {
	t.Helper()
	p, err := s.Play(id)
	if err != nil {
		t.Fatal(err)
	}
	w, err := sound.NewWAV(p)
	if err != nil {
		t.Fatal(err)
	}
	all, _, err := wav.ReadAll(w)
	if err != nil {
		t.Fatal(err)
	}
	var legs [2][]int16
	for i, v := range all {
		legs[i%2] = append(legs[i%2], v)
	}
	return legs
}

// Invariant 6, same in, same out: the same file gives the same sound.
func TestInvariantSameInSameOut(t *testing.T) {
	speech := codectest.Speech(t, 20*rate)
	var first [2][]int16
	for i := range 2 {
		b := newBench(t)
		l := b.line(file(t, speech[:10*rate], speech[10*rate:20*rate]), call.NewVoice(call.Defaults(pcm.Format{Rate: rate, Legs: 2})), usual)
		s, rows := b.run(l)
		if len(rows) != 1 {
			t.Fatalf("%d calls", len(rows))
		}
		got := decoded(t, s, rows[0].Call.ID)
		if i == 0 {
			first = got
		} else if !slices.Equal(got[0], first[0]) || !slices.Equal(got[1], first[1]) {
			t.Error("the same file gave another recording")
		}
	}
}

// A pause that arrives after its audio was recorded withholds that from playback, and says so.
func TestTooLatePauseIsWithheldAndReported(t *testing.T) {
	b, src := newBench(t), &tape{}
	speech := codectest.Speech(t, 20*rate)
	for p := pcm.Pos(0); p < 10*rate; p += rate / 10 {
		src.sound(speech, 1, p, rate/10)
	}
	l := b.line(src, call.NewWhole(call.Defaults(src.Format())), pause.Policy{HoldBack: time.Second})
	var r Receipt
	for i := 0; ; i++ {
		if i == 80 {
			answer := make(chan Receipt, 1)
			l.Post(Mark{Pos: new(pcm.Pos(4 * rate)), Do: Pause, Source: pause.Source{Name: "terminal 1"}, answer: answer})
			if err := l.Step(); err != nil {
				t.Fatal(err)
			}
			r = <-answer
			continue
		}
		if err := l.Step(); err == io.EOF {
			break
		}
	}
	if r.Late < 2900*time.Millisecond || r.Late > 3200*time.Millisecond || r.State != link.Paused {
		t.Errorf("receipt %+v, want about 3 s late", r)
	}
	if a := b.board.Alarms(); len(a) != 1 {
		t.Errorf("alarms %v", a)
	}
	s, rows := b.stored()
	if len(rows[0].Gaps) != 2 || rows[0].Gaps[0].Cause != storage.Withheld || rows[0].Gaps[0].Span.From != 4*rate {
		t.Errorf("gaps %+v", rows[0].Gaps)
	}
	p, err := s.Play(rows[0].Call.ID)
	if err != nil {
		t.Fatal(err)
	}
	for {
		pk, _, err := p.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if pk != nil && !pk.Span.Intersect(pcm.Span{From: 4 * rate, To: 10 * rate}).Empty() {
			t.Fatalf("a packet of %v can be played", pk.Span)
		}
	}
}

func TestLongCallIsOneCallOfSeveralParts(t *testing.T) {
	b, src := newBench(t), &tape{}
	speech := codectest.Speech(t, 40*rate)
	for p := pcm.Pos(0); p < 35*rate; p += rate / 10 {
		src.sound(speech, 1, p, rate/10)
	}
	o := call.Defaults(src.Format())
	o.Maximum = 10 * time.Second
	_, rows := b.run(b.line(src, call.NewWhole(o), usual))
	if len(rows) != 1 || rows[0].Parts != 4 || rows[0].Length != 35*time.Second || rows[0].Recorded != 35*time.Second {
		t.Errorf("calls %+v", rows)
	}
}

func TestNothingToPause(t *testing.T) {
	b, src := newBench(t), &tape{}
	l := b.line(src, call.NewLoop(call.Defaults(src.Format())), usual)
	if r := l.do(Mark{Do: Pause, Source: pause.Source{Name: "terminal 1"}}); !r.Idle || len(l.gate.Asking()) != 0 {
		t.Errorf("receipt %+v, asking %v", r, l.gate.Asking())
	}
	if r := l.do(Mark{Do: Pause, Source: pause.Source{Name: "terminal 1"}, Arm: true}); r.Idle || len(l.gate.Asking()) != 1 {
		t.Errorf("armed: receipt %+v, asking %v", r, l.gate.Asking())
	}
	b.run(l)
}
