// Package storagetest makes stores for tests, and sound to put into them.
package storagetest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"linevault/codec"
	"linevault/codec/pcm"
	"linevault/storage"
)

// Class is the retention class of the stores that New makes.
const Class = "standard"

// New makes a store in a folder of the test's own. When the test ends, storage.Check must
// find nothing wrong in it.
func New(tb testing.TB) (dir string) {
	tb.Helper()
	dir = tb.TempDir()
	if err := storage.Create(dir, []string{Class}); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { Check(tb, dir, nil) })
	return dir
}

// Check fails the test unless the store is sound.
func Check(tb testing.TB, dir string, live storage.Live) *storage.Report {
	tb.Helper()
	r, err := storage.Check(dir, live, storage.CheckOptions{})
	if err != nil {
		tb.Fatalf("check: %v", err)
	}
	for _, p := range r.Problems {
		tb.Errorf("check: %s: %s", p.Segment, p.Text)
	}
	return r
}

// Clock is for a writer: it stands still, lest midnight comes in the middle of a test and parts
// what it records into the segments of two days.
func Clock() func() time.Time {
	now := time.Now()
	return func() time.Time { return now }
}

// Talk makes packets that look like a call's, without an encoder: the table of contents and
// the lengths are those of 60 ms at 16 kbit/s, the rest is random. The same seed gives the
// same talk.
type Talk struct {
	Format pcm.Format
	Pos    pcm.Pos
	Epoch  pcm.Epoch

	rnd     *rand.Rand
	restart bool
	data    []byte
}

// NewTalk begins a talk at pos.
func NewTalk(f pcm.Format, pos pcm.Pos, seed uint64) *Talk {
	return &Talk{Format: f, Pos: pos, rnd: rand.New(rand.NewPCG(seed, 1)), restart: true}
}

// lookahead is how much shorter the sound of a first packet is: the encoder's delay.
func (t *Talk) lookahead() pcm.Pos { return t.Format.Samples(6500 * time.Microsecond) }

// Instant emits one packet of each leg, 60 ms of them.
func (t *Talk) Instant(emit func(codec.Packet) error) error { return t.packets(3, 60, 0, emit) }

// Break emits what an encoder emits at a break, a shorter packet with padding, and restarts.
func (t *Talk) Break(emit func(codec.Packet) error) error {
	padding := t.Format.Samples(time.Duration(t.rnd.IntN(19)) * time.Millisecond)
	err := t.packets(1, 20, padding, emit)
	t.restart = true
	return err
}

func (t *Talk) packets(config byte, ms int, padding pcm.Pos, emit func(codec.Packet) error) error {
	span := pcm.Span{From: t.Pos, To: t.Pos + t.Format.Samples(time.Duration(ms)*time.Millisecond) - padding}
	if t.restart {
		span.To = max(span.From, span.To-t.lookahead())
	}
	for leg := range t.Format.Legs {
		n := 60 + t.rnd.IntN(60)
		if t.rnd.IntN(50) == 0 {
			n += 200 // loud and sudden: longer than one byte can say
		}
		t.data = append(t.data[:0], config<<3)
		for range n {
			t.data = append(t.data, byte(t.rnd.Uint32()))
		}
		p := codec.Packet{Leg: pcm.Leg(leg), Epoch: t.Epoch, Span: span, Restart: t.restart, Data: t.data}
		if err := emit(p); err != nil {
			return err
		}
	}
	t.Pos, t.restart = span.To, false
	return nil
}

// Pause moves the talk on by d, for a gap, and returns it.
func (t *Talk) Pause(d time.Duration, cause storage.Cause) storage.Gap {
	g := storage.Gap{
		Span:  pcm.Span{From: t.Pos, To: t.Pos + t.Format.Samples(d)},
		Cause: cause, By: "terminal parking-1", Reason: "card payment",
	}
	t.Pos, t.restart = g.Span.To, true
	return g
}

// Call is a call to record a talk as.
func (t *Talk) Call(i int) storage.Call {
	start := time.Date(2026, 11, 22, 9, 30, i, 0, time.UTC)
	return storage.Call{
		ID: storage.NewCallID(start), Line: pcm.LineID(fmt.Sprintf("line-%d", i)),
		Name: fmt.Sprintf("Parking %d", i), Department: "Parking",
		LineNumber: "02088257000", FarNumber: storage.Number(fmt.Sprintf("0207946%04d", i)),
		Direction: storage.Inbound, Class: Class, Format: t.Format, Start: start, From: t.Pos,
	}
}
