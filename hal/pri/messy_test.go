package pri

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"linevault/hal/pri/q921"
)

// TestNeverCrossed loses, repeats, delays and spoils frames of thirty simultaneous calls at random.
// However little is left of a call, no part of it is another's: of each, the numbers and the
// timeslot carry the same two digits. What is not heard may be absent, never wrong.
func TestNeverCrossed(t *testing.T) {
	clean := load(t, "thirty_calls")
	var whole, complete, missed, unseen int
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 30))
		frames := spoil(clean, r)
		calls, _, tap := run(frames)
		for _, c := range calls {
			if c.ID == 0 {
				continue
			}
			whole++
			name := fmt.Sprintf("seed %d: %s", seed, outline([]Call{c}))
			if c.Direction != In || len(c.Channels) > 1 {
				t.Errorf("%s: direction or channels", name)
			}
			if c.Called == "" || c.Channel == 0 {
				continue
			}
			if c.Called != fmt.Sprintf("20794601%02d", c.Channel) || c.Calling.Digits != fmt.Sprintf("16329601%02d", c.Channel) {
				t.Errorf("%s: crossed with another call", name)
			}
			if c.Answer.Seen && c.End.Seen {
				complete++
			}
		}
		h := tap.Health()
		// The very last message of a side is not missed if its acknowledgement is lost too.
		lost := messages(clean) - (messages(frames) - h.Repeats)
		if h.Missed > lost || h.Missed < lost-1 {
			t.Errorf("seed %d: %d missed, %d lost", seed, h.Missed, lost)
		}
		missed += h.Missed
		unseen += lost - h.Missed
	}
	if whole < 200*30 || complete < whole*3/4 || unseen > 3 {
		t.Errorf("%d calls of %d, %d of them complete; %d frames missed, %d more lost", whole, 200*30, complete, missed, unseen)
	}
}

// messages is how many frames of frames are numbered messages.
func messages(frames []heard) (n int) {
	for _, h := range frames {
		if f, err := q921.Parse(h.data); err == nil && f.Kind == q921.I {
			n++
		}
	}
	return n
}

// spoil is what a bad tap might make of frames: 2 % lost, 2 % heard twice, 1 % cut short, and one
// receiver up to 30 ms behind.
func spoil(clean []heard, r *rand.Rand) (out []heard) {
	late := time.Duration(r.IntN(30)) * time.Millisecond
	for i, h := range clean {
		if h.from == q921.User && numbered(clean[i:i+1]) {
			h.at += late
		}
		switch n := r.IntN(100); {
		case n < 2:
			continue
		case n < 4:
			out = append(out, h)
		case n == 4:
			h.data = h.data[:r.IntN(len(h.data))]
		}
		out = append(out, h)
	}
	slices.SortStableFunc(out, func(a, b heard) int { return int(a.at - b.at) })
	return out
}
