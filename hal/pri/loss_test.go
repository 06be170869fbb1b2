package pri

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"linevault/hal/pri/q921"
	"linevault/hal/pri/q931"
)

// outline is what must not depend on repeats and delays.
func outline(calls []Call) (s []string) {
	for _, c := range calls {
		s = append(s, fmt.Sprint(c.Direction, c.Calling.Digits, c.Called, c.Connected.Digits, c.Channels, c.Cause,
			c.Answer.Seen, c.End.Seen, c.Ending, c.Transferred))
	}
	return s
}

// TestRepeats feeds every frame twice, and then whole windows again as REJ brings them back.
func TestRepeats(t *testing.T) {
	for _, s := range scenarios(t) {
		frames := load(t, s)
		want, _, _ := run(frames)
		var twice []heard
		for _, f := range frames {
			twice = append(twice, f, f)
		}
		got, _, tap := run(twice)
		if !slices.Equal(outline(got), outline(want)) {
			t.Errorf("%s: twice:\n%s\nonce:\n%s", s, outline(got), outline(want))
		}
		if h := tap.Health(); len(want) > 0 && h.Repeats == 0 || h.Missed != 0 {
			t.Errorf("%s: %+v", s, h)
		}
		// Go back by three and send those again.
		var back []heard
		for i, f := range frames {
			back = append(back, f)
			if i%5 == 4 && f.at-frames[i-2].at < time.Second && numbered(frames[i-2:i+1]) {
				back = append(back, frames[i-2:i+1]...)
			}
		}
		if got, _, _ := run(back); !slices.Equal(outline(got), outline(want)) {
			t.Errorf("%s: sent again:\n%s\nonce:\n%s", s, outline(got), outline(want))
		}
	}
}

func numbered(frames []heard) bool {
	return !slices.ContainsFunc(frames, func(h heard) bool {
		f, err := q921.Parse(h.data)
		return err != nil || !f.Numbered()
	})
}

// TestOutOfStep delays one receiver's frames by a few milliseconds, as two cards' reads do. The
// frames that set up the link stay: libpri places calls microseconds after them.
func TestOutOfStep(t *testing.T) {
	for _, s := range scenarios(t) {
		frames := load(t, s)
		want, _, _ := run(frames)
		for _, late := range []q921.Side{q921.Network, q921.User} {
			skewed := slices.Clone(frames)
			for i := range skewed {
				if skewed[i].from == late && numbered(skewed[i:i+1]) {
					skewed[i].at += 4 * time.Millisecond
				}
			}
			slices.SortStableFunc(skewed, func(a, b heard) int { return int(a.at - b.at) })
			got, _, _ := run(skewed)
			slices.SortFunc(got, func(a, b Call) int { return strings.Compare(a.Called+a.Calling.Digits, b.Called+b.Calling.Digits) })
			sorted := slices.Clone(want)
			slices.SortFunc(sorted, func(a, b Call) int { return strings.Compare(a.Called+a.Calling.Digits, b.Called+b.Calling.Digits) })
			if !slices.Equal(outline(got), outline(sorted)) {
				t.Errorf("%s, %v late:\n%s\nin step:\n%s", s, late, strings.Join(outline(got), "\n"), strings.Join(outline(sorted), "\n"))
			}
		}
	}
}

// TestOneLost leaves out each frame in turn: every call is still there, the right way round, on
// channels that it had, and the tap says that it missed something.
func TestOneLost(t *testing.T) {
	for _, s := range scenarios(t) {
		frames := load(t, s)
		want, _, _ := run(frames)
		for i, lost := range frames {
			got, _, tap := run(slices.Delete(slices.Clone(frames), i, i+1))
			if len(got) != len(want) {
				t.Errorf("%s without frame %d (% x): %d calls, not %d", s, i, lost.data, len(got), len(want))
				continue
			}
			if f, err := q921.Parse(lost.data); err == nil && f.Kind == q921.I && tap.Health().Missed != 1 {
				t.Errorf("%s without frame %d: %d missed", s, i, tap.Health().Missed)
			}
			for j := range got {
				w := want[j]
				k := slices.IndexFunc(got, func(c Call) bool { return c.Direction == w.Direction && c.Ref == w.Ref })
				if k < 0 {
					t.Errorf("%s without frame %d: no %s", s, i, outline(want[j:j+1]))
					continue
				}
				g := got[k]
				if g.Direction != w.Direction || g.Answer.Seen != w.Answer.Seen && g.Answer.Seen {
					t.Errorf("%s without frame %d: %s\nwith: %s", s, i, outline(got[k:k+1]), outline(want[j:j+1]))
				}
			}
		}
	}
}

// TestJoin begins at each frame in turn: whatever remains of a call is enough to know of it.
func TestJoin(t *testing.T) {
	frames := load(t, "answered_in")
	for i := range frames {
		calls, _, _ := run(frames[i:])
		kind, _ := q921.Parse(frames[len(frames)-2].data)
		if i >= len(frames)-2 && kind.Kind == q921.I {
			continue
		}
		if len(calls) != 1 || calls[0].Direction != In || i < len(frames)-4 && calls[0].Cause != 16 {
			t.Errorf("from frame %d: %+v", i, calls)
		}
	}
}

// TestOneDirection decodes what one receiver of two heard: the calls, and what that side said.
func TestOneDirection(t *testing.T) {
	got, notes := decode(t, "testdata/answered_in.net.pcap")
	if len(got) != 1 || got[0].Direction != "in" || got[0].Calling != "1632960001" || *got[0].Channel != 1 ||
		got[0].Answer == nil || !strings.Contains(notes, "one direction only") {
		t.Errorf("network's side: %+v, %q", got, notes)
	}
	got, _ = decode(t, "testdata/answered_in.user.pcap")
	if len(got) != 1 || got[0].Direction != "in" || *got[0].Channel != 1 || got[0].Start == nil || got[0].Answer == nil {
		t.Errorf("user's side: %+v", got)
	}
}

// TestReceiverDies has one receiver fall silent before a call: the other still tells of the call,
// settle later at most, and nothing waits for ever.
func TestReceiverDies(t *testing.T) {
	frames := slices.DeleteFunc(load(t, "answered_in"), func(h heard) bool { return h.from == q921.User && numbered([]heard{h}) })
	tap := NewTap()
	told := map[Kind]time.Duration{}
	at := time.Duration(0)
	note := func(events []Event) {
		for _, e := range events {
			told[e.Kind] = at
		}
	}
	for _, f := range frames {
		for ; at < f.at; at += 50 * time.Millisecond {
			note(tap.Advance(at))
		}
		note(tap.Feed(f.data, f.from, at))
	}
	for range 10 {
		at += 50 * time.Millisecond
		note(tap.Advance(at))
	}
	for kind, when := range map[Kind]float64{Began: 0, Answered: 0.68, Ended: 2.21} {
		if late := told[kind].Seconds() - when; late < 0 || late > 0.4 {
			t.Errorf("%v told at %v, %.2f s late", kind, told[kind], late)
		}
	}
	note(tap.Advance(at + time.Minute))
	if h := tap.Health(); h.Missed != 4 { // CALL PROCEEDING, ALERTING, CONNECT, RELEASE
		t.Errorf("%d missed", h.Missed)
	}
}

// TestSameSide notices two receivers on one pair.
func TestSameSide(t *testing.T) {
	_, notes := decode(t, "testdata/answered_in.net.pcap", "testdata/answered_in.net.pcap")
	if !strings.Contains(notes, "wrong pair") {
		t.Errorf("notes %q", notes)
	}
}

// TestT309 drops the D channel in a call for some time, and then has the call cleared or not.
func TestT309(t *testing.T) {
	blip := load(t, "dchan_blip_in_call")
	gone := slices.IndexFunc(blip, func(h heard) bool { return h.at > 5*time.Second })
	for _, c := range []struct {
		away    time.Duration
		cleared bool
		ending  Ending
		cause   q931.Cause
	}{
		{15 * time.Second, true, Cleared, 16},
		{15 * time.Second, false, Forgotten, 0},
		{40 * time.Second, true, Cleared, 16}, // T309 had not expired: the call was alive all along
		{40 * time.Second, false, LinkLost, 27},
		{500 * time.Second, false, LinkLost, 27},
	} {
		frames := slices.Clone(blip)
		for i := range frames[gone:] {
			frames[gone+i].at += c.away - 15*time.Second
		}
		if !c.cleared {
			frames = frames[:gone+4]
		}
		calls, events, _ := run(frames)
		if len(calls) != 1 || calls[0].Ending != c.ending || calls[0].Cause != c.cause {
			t.Errorf("%+v: %s %v", c, outline(calls), calls[0].Ending)
		}
		doubted := slices.ContainsFunc(events, func(e Event) bool { return e.Kind == Doubted })
		if doubted != (c.away > 18*time.Second) {
			t.Errorf("%+v: doubted %v", c, doubted)
		}
		if end := calls[0].End; end.Seen && end.At > c.away+2*time.Second || c.ending == LinkLost && end.At > longestT309+time.Second {
			t.Errorf("%+v: ended at %v", c, end.At)
		}
	}
}

// TestSuperseded has the clearing of a call missed altogether: the next call on its channel or of
// its reference ends it, and takes nothing of it over.
func TestSuperseded(t *testing.T) {
	frames := load(t, "back_to_back")
	clearing := func(h heard) bool {
		f, err := q921.Parse(h.data)
		if err != nil || f.Kind != q921.I {
			return false
		}
		m, err := q931.Parse(f.Info)
		return err == nil && (m.Type == q931.Disconnect || m.Type == q931.Release || m.Type == q931.ReleaseComplete)
	}
	want, _, _ := run(frames)
	got, _, tap := run(slices.DeleteFunc(slices.Clone(frames), clearing))
	if len(got) != len(want) || tap.Health().Missed == 0 {
		t.Fatalf("%d calls, not %d; %+v", len(got), len(want), tap.Health())
	}
	for i, c := range got {
		if last := i == len(got)-1; c.Called != want[i].Called || (c.Ending == Superseded) == last || last == c.End.Seen {
			t.Errorf("call %d: %s", i, outline(got[i:i+1]))
		}
	}
}

// TestHeldChannelIsFree has another call use a timeslot while its call is held.
func TestHeldChannelIsFree(t *testing.T) {
	_, events, _ := run(load(t, "hold_retrieve"))
	slots := map[Kind]int{}
	for _, e := range events {
		slots[e.Kind] = e.Call.Slot()
	}
	if slots[Fixed] != 20 || slots[Held] != 0 || slots[Retrieved] != 21 {
		t.Errorf("slots %v", slots)
	}
}

// TestEvents is the order in which a call's life is told.
func TestEvents(t *testing.T) {
	for scenario, want := range map[string]string{
		"remote_suspend":   "link down, link up, began, fixed, rang, answered, far held, far back, ended, freed",
		"hold_retrieve":    "link down, link up, began, fixed, rang, answered, held, retrieved, ended, freed",
		"overlap_in_ddi":   "link down, link up, began, fixed, dialled, dialled, rang, answered, ended, freed",
		"connected_number": "link down, link up, began, fixed, diverted, rang, answered, renamed, ended, freed",
	} {
		_, events, _ := run(load(t, scenario))
		var told []string
		for _, e := range events {
			if e.Kind != Rewired {
				told = append(told, e.Kind.String())
			}
		}
		if got := strings.Join(told, ", "); got != want {
			t.Errorf("%s: %s", scenario, got)
		}
	}
}

// TestBounded floods a tap with calls that never end.
func TestBounded(t *testing.T) {
	tap := NewTap()
	freed := 0
	for i := range 20_000 {
		setup := []byte{2, 1, byte(i << 1), 0, 8, 2, byte(i >> 8 & 0x7F), byte(i), 5, 0x18, 3, 0xA9, 0x83, byte(0x80 | i%32)}
		for _, e := range tap.Feed(setup, q921.Network, time.Duration(i)*time.Millisecond) {
			if e.Kind == Freed {
				freed++
			}
		}
		digits := append([]byte{2, 1, byte(i<<1 + 2), 0, 8, 2, byte(i >> 8 & 0x7F), byte(i), 0x7B, 0x70, 101, 0x80}, make([]byte, 100)...)
		tap.Feed(digits, q921.Network, time.Duration(i)*time.Millisecond)
	}
	if n := len(tap.calls); n > MaxCalls || freed < 20_000-MaxCalls-1 {
		t.Errorf("%d calls kept, %d freed", n, freed)
	}
}
