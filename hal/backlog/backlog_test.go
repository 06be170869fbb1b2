package backlog

import (
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
)

const (
	run   = 160 // samples of a slot
	slots = 10
)

// rack is a card with two lines of one leg: the samples of a slot are those of the one, then those of the other.
type rack struct{ ring Ring[int16] }

func newRack() *rack {
	return &rack{Ring[int16]{Slots: make([]Slot[int16], slots), Width: 2, Readers: 2, Fresh: true}}
}

// add adds one slot, in which the samples of line i say their position, its sign changed for line 1.
func (k *rack) add() {
	g := &k.ring
	at := g.Pos
	s := g.Add(run, pcm.Mono(g.Pos+run)*pcm.Mono(time.Second)/8000, g.Fresh)
	for _, sign := range []int16{1, -1} {
		for i := range int16(run) {
			s.Sound = append(s.Sound, sign*(int16(at)+i+1))
		}
	}
}

type line struct {
	index int
	Reader[int16]
	signals []string
}

func (*line) Format() pcm.Format { return pcm.Format{Rate: 8000, Legs: 1} }

func (l *line) Sound(dst []int16, s *Slot[int16]) []int16 {
	return append(dst, s.Sound[l.index*run:][:run]...)
}

func (l *line) Signal(b *hal.Block, end uint64) {
	for _, s := range l.signals {
		b.Signals = append(b.Signals, hal.Signal{At: b.Frame.Span().To, Kind: hal.CalledNumber, Data: []byte(s)})
	}
	l.signals = nil
}

// read reads once and checks that every sample is the line's own and at its place.
func (k *rack) read(t *testing.T, l *line) *hal.Block {
	t.Helper()
	var b hal.Block
	if err := l.Read(&b, &k.ring, l, 0); err != nil {
		t.Fatal(err)
	}
	for i, v := range b.Frame.PCM {
		want := int16(b.Frame.Pos) + int16(i) + 1
		if l.index == 1 {
			want = -want
		}
		if v != want {
			t.Fatalf("line %d, sample %d at %d: %d, want %d", l.index, i, b.Frame.Pos, v, want)
		}
	}
	return &b
}

// A reader that keeps up has all; one that is too slow has the newest, in a new epoch, and nothing twice.
func TestOverrun(t *testing.T) {
	k, quick, slow := newRack(), &line{}, &line{index: 1}
	k.add()
	k.read(t, quick)
	k.read(t, slow)
	var all pcm.Pos
	for range 3 * slots {
		k.add()
		b := k.read(t, quick)
		all += b.Frame.Len()
		if b.Frame.Epoch != 0 {
			t.Fatal("a break in what was read in time")
		}
	}
	b := k.read(t, slow)
	if all != 3*slots*run || b.Frame.Epoch != 1 || b.Frame.Pos != (2*slots+1)*run || b.Frame.Len() != slots*run {
		t.Errorf("quick: %d samples; slow: %d at %d of epoch %d", all, b.Frame.Len(), b.Frame.Pos, b.Frame.Epoch)
	}
	k.ring.Closed = true
	if err := slow.Read(b, &k.ring, slow, 0); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}

// A loss comes with the sound before it and is told once; who slept through a loss and the return hears of
// neither, who slept through the return alone hears of it late.
func TestLoss(t *testing.T) {
	k, late, asleep := newRack(), &line{}, &line{index: 1}
	kinds := func(b *hal.Block) (all []hal.SignalKind) {
		for _, s := range b.Signals {
			all = append(all, s.Kind)
		}
		return all
	}
	k.add()
	if !k.ring.Lose("gone", 0) || k.ring.Lose("still gone", 0) {
		t.Error("a loss is news once")
	}
	late.signals = []string{"123"}
	b := k.read(t, late)
	if !slices.Equal(kinds(b), []hal.SignalKind{hal.CalledNumber, hal.Lost}) || b.Frame.Len() != run || b.Signals[1].At != run || string(b.Signals[1].Data) != "gone" {
		t.Errorf("%d samples, %+v", b.Frame.Len(), b.Signals)
	}
	for range 2 * slots {
		k.add()
	}
	if b := k.read(t, late); !slices.Equal(kinds(b), []hal.SignalKind{hal.Back}) || b.Signals[0].At != b.Frame.Pos {
		t.Errorf("late: %+v", b.Signals)
	}
	if b := k.read(t, asleep); len(b.Signals) > 0 || b.Frame.Epoch == 0 {
		t.Errorf("asleep, epoch %d: %+v", b.Frame.Epoch, b.Signals)
	}
}

// A block is of one epoch: what follows on from a break waits for the next read.
func TestEpochsApart(t *testing.T) {
	k, l := newRack(), &line{}
	k.add()
	k.add()
	k.ring.Fresh = true
	k.ring.Pos += 1000
	k.add()
	for i, want := range []pcm.Frame{{Epoch: 0, Pos: 0, PCM: make([]int16, 2*run)}, {Epoch: 1, Pos: 2*run + 1000, PCM: make([]int16, run)}} {
		if f := k.read(t, l).Frame; f.Epoch != want.Epoch || f.Pos != want.Pos || len(f.PCM) != len(want.PCM) {
			t.Errorf("block %d: %d samples at %d of epoch %d", i, len(f.PCM), f.Pos, f.Epoch)
		}
	}
}

// Nothing stays in the ring once all lines have read it, nor under what is written over it.
func TestNothingStays(t *testing.T) {
	k, a, b := newRack(), &line{}, &line{index: 1}
	left := func() (n int) {
		for _, s := range k.ring.Slots {
			for _, v := range s.Sound[:cap(s.Sound)] {
				if v != 0 {
					n++
				}
			}
		}
		return n
	}
	k.add()
	k.read(t, a)
	if n := left(); n != 2*run {
		t.Errorf("%d samples wait for the other line", n)
	}
	k.read(t, b)
	if n := left(); n > 0 {
		t.Errorf("%d samples stayed that both have read", n)
	}
	for range slots {
		k.add()
	}
	for range slots {
		k.ring.Mark(0)
	}
	if n := left(); n > 0 {
		t.Errorf("%d samples stayed under what came over them", n)
	}
}
