// Package codectest is the conformance suite of codec.Encoder, and real speech to try codecs on.
package codectest

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"linevault/codec"
	"linevault/codec/pcm"
)

// Collect is an emit function that keeps copies of the packets of all legs in *to.
func Collect(to *[]codec.Packet) func(codec.Packet) error {
	return func(p codec.Packet) error {
		p.Data = bytes.Clone(p.Data)
		*to = append(*to, p)
		return nil
	}
}

// Run tries every promise of codec.Encoder on encoders that open makes.
func Run(t *testing.T, open func(f pcm.Format) (codec.Encoder, error)) {
	for _, f := range []pcm.Format{{Rate: 8000, Legs: 1}, {Rate: 8000, Legs: 2}, {Rate: 16000, Legs: 1}, {Rate: 16000, Legs: 2}} {
		s := suite{format: f, open: func(t *testing.T) codec.Encoder {
			t.Helper()
			e, err := open(f)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := e.Close(); err != nil {
					t.Error(err)
				}
			})
			return e
		}}
		name := map[pcm.Format]string{{Rate: 8000, Legs: 1}: "mono8k", {Rate: 8000, Legs: 2}: "two8k", {Rate: 16000, Legs: 1}: "mono16k", {Rate: 16000, Legs: 2}: "two16k"}[f]
		t.Run(name, func(t *testing.T) {
			t.Run("InvariantTile", s.tile)
			t.Run("InvariantNoEcho", s.noEcho)
			t.Run("InvariantSameInSameOut", s.same)
			t.Run("LegsInStep", s.inStep)
			t.Run("EmptyBreak", s.emptyBreak)
			t.Run("EmitFails", s.emitFails)
			t.Run("Misuse", s.misuse)
		})
	}
}

type suite struct {
	format pcm.Format
	open   func(t *testing.T) codec.Encoder
}

// sound is n instants of something loud and unlike itself from seed to seed.
func (s suite) sound(seed uint64, at pcm.Pos, n int) pcm.Frame {
	rng := rand.New(rand.NewPCG(seed, 1))
	f := pcm.Frame{Pos: at, Format: s.format, PCM: make([]int16, n*s.format.Legs)}
	v := 0
	for i := range f.PCM {
		v = v*7/8 + rng.IntN(12001) - 6000
		f.PCM[i] = int16(max(-30000, min(30000, v)))
	}
	return f
}

// feed encodes f in pieces of random sizes.
func feed(t *testing.T, e codec.Encoder, f pcm.Frame, rng *rand.Rand, to *[]codec.Packet) {
	t.Helper()
	for !f.Span().Empty() {
		n := min(f.Len(), pcm.Pos(rng.IntN(2000)))
		head := f.Slice(pcm.Span{From: f.Pos, To: f.Pos + n})
		if err := e.Encode(head, Collect(to)); err != nil {
			t.Fatal(err)
		}
		f = f.Slice(pcm.Span{From: f.Pos + n, To: f.Pos + f.Len()})
	}
}

func endRun(t *testing.T, e codec.Encoder, to *[]codec.Packet) {
	t.Helper()
	if err := e.Break(Collect(to)); err != nil {
		t.Fatal(err)
	}
}

// tile: the packets of a run cover just what was encoded, in order, and Restart is on the
// first alone.
func (s suite) tile(t *testing.T) {
	e := s.open(t)
	rng := rand.New(rand.NewPCG(2, uint64(s.format.Rate+s.format.Legs)))
	at := pcm.Pos(12345)
	for run := range uint64(60) {
		f := s.sound(run, at, 1+rng.IntN(3000))
		f.Epoch = pcm.Epoch(run)
		var got []codec.Packet
		feed(t, e, f, rng, &got)
		endRun(t, e, &got)
		next, first := at, true
		for _, p := range got {
			if p.Leg != pcm.Near {
				continue
			}
			if p.Span.From != next || p.Span.To < next || p.Restart != first || p.Epoch != f.Epoch {
				t.Fatalf("run %d of %v: %v, restart %v, epoch %d where %d was due", run, f.Span(), p.Span, p.Restart, p.Epoch, next)
			}
			next, first = p.Span.To, false
		}
		if next != f.Span().To {
			t.Fatalf("run %d of %v ends at %d", run, f.Span(), next)
		}
		at = next + pcm.Pos(rng.IntN(9000))
	}
}

// noEcho: after a break the bytes are those of an encoder that never heard what was before.
func (s suite) noEcho(t *testing.T) {
	e := s.open(t)
	for round := range uint64(8) {
		rng := rand.New(rand.NewPCG(round, 3))
		var dropped, got, want []codec.Packet
		feed(t, e, s.sound(round*2, 0, 1+rng.IntN(9000)), rng, &dropped)
		endRun(t, e, &dropped)
		after := s.sound(round*2+1, 1e6, 6000)
		feed(t, e, after, rng, &got)
		endRun(t, e, &got)
		fresh := s.open(t)
		feed(t, fresh, after, rng, &want)
		endRun(t, fresh, &want)
		same(t, got, want)
	}
}

// same: the sizes of the frames make no difference.
func (s suite) same(t *testing.T) {
	var a, b []codec.Packet
	for i, to := range []*[]codec.Packet{&a, &b} {
		e := s.open(t)
		feed(t, e, s.sound(9, 77, 8000), rand.New(rand.NewPCG(uint64(i), 4)), to)
		endRun(t, e, to)
	}
	same(t, a, b)
}

func same(t *testing.T, got, want []codec.Packet) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d packets, not %d", len(got), len(want))
	}
	for i, p := range got {
		q := want[i]
		if p.Leg != q.Leg || p.Span != q.Span || p.Restart != q.Restart || !bytes.Equal(p.Data, q.Data) {
			t.Fatalf("packet %d of %v differs from that of %v", i, p.Span, q.Span)
		}
	}
}

// inStep: for every packet of the near leg there is one of each other leg, alike in all but sound.
func (s suite) inStep(t *testing.T) {
	e := s.open(t)
	var got []codec.Packet
	feed(t, e, s.sound(5, 0, 5000), rand.New(rand.NewPCG(5, 5)), &got)
	endRun(t, e, &got)
	if len(got) == 0 || len(got)%s.format.Legs != 0 {
		t.Fatalf("%d packets of %d legs", len(got), s.format.Legs)
	}
	for i, p := range got {
		near := got[i-i%s.format.Legs]
		if int(p.Leg) != i%s.format.Legs || p.Span != near.Span || p.Restart != near.Restart {
			t.Fatalf("packet %d: leg %d, %v; near has %v", i, p.Leg, p.Span, near.Span)
		}
	}
}

// emptyBreak: a break with nothing before it, and a second break, emit nothing.
func (s suite) emptyBreak(t *testing.T) {
	e := s.open(t)
	var got []codec.Packet
	endRun(t, e, &got)
	if err := e.Encode(s.sound(1, 5, 0), Collect(&got)); err != nil {
		t.Fatal(err)
	}
	endRun(t, e, &got)
	if len(got) > 0 {
		t.Fatalf("%d packets of no sound", len(got))
	}
	feed(t, e, s.sound(1, 0, 10), rand.New(rand.NewPCG(6, 6)), &got)
	endRun(t, e, &got)
	n := len(got)
	endRun(t, e, &got)
	if n == 0 || len(got) != n {
		t.Fatalf("%d packets, and %d after a second break", n, len(got))
	}
}

// emitFails: emit's error comes back as it is, and a break forgets all the same; so it does
// without an emit.
func (s suite) emitFails(t *testing.T) {
	full := errors.New("full")
	fail := func(codec.Packet) error { return full }
	after := s.sound(4, 50, 5000)
	var want []codec.Packet
	fresh := s.open(t)
	feed(t, fresh, after, rand.New(rand.NewPCG(7, 7)), &want)
	endRun(t, fresh, &want)
	for _, emit := range []func(codec.Packet) error{fail, nil} {
		e := s.open(t)
		if err := e.Encode(s.sound(3, 0, 8000), fail); err != full {
			t.Fatalf("Encode: %v", err)
		}
		if err := e.Break(emit); err != nil && err != full {
			t.Fatalf("Break: %v", err)
		}
		var got []codec.Packet
		feed(t, e, after, rand.New(rand.NewPCG(7, 7)), &got)
		endRun(t, e, &got)
		same(t, got, want)
	}
}

// misuse: what cannot be right is refused, not encoded.
func (s suite) misuse(t *testing.T) {
	e := s.open(t)
	var got []codec.Packet
	feed(t, e, s.sound(1, 100, 100), rand.New(rand.NewPCG(8, 8)), &got)
	hole, epoch, format := s.sound(1, 201, 10), s.sound(1, 200, 10), s.sound(1, 200, 10)
	epoch.Epoch++
	format.Format.Rate = 44100
	for name, f := range map[string]pcm.Frame{"a hole": hole, "another epoch": epoch, "another format": format} {
		if err := e.Encode(f, Collect(&got)); err == nil {
			t.Errorf("%s without a break was accepted", name)
		}
	}
	ragged := s.sound(1, 200, 10)
	ragged.PCM = ragged.PCM[:len(ragged.PCM)-1]
	if err := e.Encode(ragged, Collect(&got)); err == nil && s.format.Legs > 1 {
		t.Error("a frame with a sample of one leg only was accepted")
	}
}
