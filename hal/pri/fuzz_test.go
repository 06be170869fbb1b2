package pri

import (
	"slices"
	"testing"
	"time"

	"linevault/hal/pri/q921"
)

// FuzzSequence feeds frames of any content: byte 0 of each is its length, byte 1 the receiver and
// how long after the one before it came. Whatever comes, the calls add up.
func FuzzSequence(f *testing.F) {
	for _, s := range []string{
		"answered_in", "glare", "hold_retrieve", "ect_transfer", "overlap_in_ddi", "restart_one", "redirected", "deflection",
		"connected_number", "release_collision", "dchan_blip_in_call",
	} {
		var b []byte
		last := time.Duration(0)
		for _, h := range load(f, s) {
			gap := byte(0)
			for d := h.at - last; d > time.Millisecond && gap < 126; d /= 2 {
				gap += 2
			}
			last = h.at
			b = append(b, byte(len(h.data)), gap|byte(h.from)&1)
			b = append(b, h.data...)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		tap := NewTap()
		w := watch{t: t, tap: tap, live: map[uint64]Call{}}
		at := time.Duration(0)
		for len(b) > 2 {
			n := min(int(b[0]), len(b)-2)
			at += time.Millisecond << (b[1] >> 1 & 31) / 2
			w.see(tap.Feed(b[2:2+n], q921.Network+q921.Side(b[1]&1), at))
			b = b[2+n:]
		}
		w.see(tap.Advance(at + time.Minute))
		w.see(tap.Close())
		if len(w.live) != 0 || len(tap.calls) != 0 {
			t.Errorf("%d calls left", len(w.live))
		}
	})
}

// watch checks what holds after every frame.
type watch struct {
	t    *testing.T
	tap  *Tap
	live map[uint64]Call
	last uint64
}

func (w *watch) see(events []Event) {
	for _, e := range events {
		c := e.Call
		if c.ID == 0 {
			continue
		}
		before, known := w.live[c.ID]
		switch {
		case e.Kind == Began && c.ID > w.last:
			w.last = c.ID
		case !known:
			w.t.Fatalf("%v of call %d, which did not begin or is over", e.Kind, c.ID)
		case before.Ending != NotEnded && c.Ending != before.Ending, before.Answer.Seen && c.Answer != before.Answer:
			w.t.Fatalf("%v rewrote call %d", e.Kind, c.ID)
		}
		w.call(c)
		if w.live[c.ID] = c; e.Kind == Freed {
			delete(w.live, c.ID)
		}
	}
	for slot, c := range w.tap.slots {
		if c != nil && (c.Slot() != slot || c.State == Gone) {
			w.t.Fatalf("timeslot %d belongs to call %d, which is %v on %d", slot, c.ID, c.State, c.Slot())
		}
	}
	if len(w.tap.calls) > MaxCalls {
		w.t.Fatalf("%d calls", len(w.tap.calls))
	}
}

func (w *watch) call(c Call) {
	for _, s := range c.Channels {
		if s < 1 || s >= MaxSlots || s == 16 {
			w.t.Fatalf("timeslot %d", s)
		}
	}
	if len(c.Called) > 64 || len(c.Channels) > maxChannels || c.Direction != In && c.Direction != Out {
		w.t.Fatalf("call %+v", c)
	}
	if len(c.Channels) > 0 && !slices.Contains(c.Channels, c.Channel) {
		w.t.Fatalf("channel %d is not among %v", c.Channel, c.Channels)
	}
}

// BenchmarkFeed is the cost of a frame of a busy interface, calls and acknowledgements together.
func BenchmarkFeed(b *testing.B) {
	frames := load(b, "thirty_calls")
	b.ReportAllocs()
	for b.Loop() {
		tap := NewTap()
		for _, f := range frames {
			tap.Feed(f.data, f.from, f.at)
		}
		tap.Close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(frames)), "ns/frame")
}
