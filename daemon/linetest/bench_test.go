package linetest

import (
	"math"
	"slices"
	"testing"
	"time"

	"linevault/daemon/link"
	"linevault/storage"
)

// bench is a line as the recorder tells of it, with a caller, a tester and a neighbour, on a
// clock of its own.
type bench struct {
	t     *testing.T
	test  *Test
	now   time.Time
	line  link.LineState
	other link.LineState
	beat  int

	swapped  bool       // the two legs are
	gain     [2]float64 // dB on each leg
	dead     int        // the leg that nobody is heard on; -1 for none
	delivers string     // the number that comes with a call
	contact  bool       // the pause contact is wired
	twin     bool       // the neighbour hears what this line hears
	stray    bool       // the neighbour gets the call instead
	clips    bool
}

const from = "07700 900123"

func newBench(t *testing.T, change ...func(*bench)) *bench {
	b := &bench{
		t: t, now: time.Unix(1_800_000_000, 0), dead: -1, delivers: "07700900123", contact: true,
		test: New(Setup{Line: "parking", From: from}),
		line: link.LineState{
			Line: "parking", Name: "Parking", State: link.Idle, Legs: 2, Levels: []float64{-70, -72},
			Wiring: link.Wiring{Card: "rear", Kind: "analogue", Channels: []int{3, 4}, Detect: "loop", OnPause: "resume"},
			Signs:  link.Signs{Keyed: []uint64{7, 1}, Clipped: []uint64{0, 0}},
		},
		other: link.LineState{Line: "repairs", Name: "Repairs", State: link.Idle, Legs: 2, Levels: []float64{-70, -70}},
	}
	for _, c := range change {
		c(b)
	}
	return b
}

// pass lets time pass.
func (b *bench) pass(d time.Duration) {
	for ; d > 0; d -= link.Beat {
		b.now = b.now.Add(link.Beat)
		b.beat++
		b.test.Observe(link.Status{At: b.now, Lines: []link.LineState{b.other, b.line}})
	}
}

func (b *bench) ring() {
	l := &b.line
	if b.stray {
		l = &b.other
	}
	l.State, l.Call, l.Direction = link.Recording, "01TEST", "in"
	l.Signs.Seized++
	b.line.FarNumber = ""
	if !b.stray {
		b.line.FarNumber = storage.Number(b.delivers)
	}
	if b.twin {
		b.other.State = link.Recording
	}
	b.pass(3 * time.Second)
}

// speak has who is on a leg speak for ten seconds.
func (b *bench) speak(leg int) {
	if b.swapped {
		leg = 1 - leg
	}
	for range 100 {
		loud := -24 + 14*math.Sin(float64(b.beat)/1.7)*math.Cos(float64(b.beat)/5.3)
		b.line.Levels = []float64{-70, -70}
		if leg != b.dead {
			b.line.Levels[leg] = loud + b.gain[leg]
			b.line.Levels[1-leg] = loud + b.gain[leg] - 25
		}
		if b.clips {
			b.line.Signs.Clipped = slices.Clone(b.line.Signs.Clipped)
			b.line.Signs.Clipped[leg]++
		}
		b.other.Levels = []float64{-70, -70}
		if b.twin {
			b.other.Levels = []float64{b.line.Levels[0] - 9, -70}
		}
		b.pass(link.Beat)
	}
	b.line.Levels, b.other.Levels = []float64{-70, -70}, []float64{-70, -70}
	b.pass(2 * time.Second)
}

func (b *bench) keys() {
	leg := 0
	if b.swapped {
		leg = 1
	}
	for range 3 {
		b.line.Signs.Keyed = slices.Clone(b.line.Signs.Keyed)
		b.line.Signs.Keyed[leg]++
		b.pass(500 * time.Millisecond)
	}
}

func (b *bench) press() {
	if b.contact {
		b.line.State, b.line.PausedBy, b.line.Levels = link.Paused, []string{"contact till"}, nil
	}
	b.pass(time.Second)
}

func (b *bench) release() {
	b.line.State, b.line.PausedBy, b.line.Levels = link.Recording, nil, []float64{-70, -70}
	b.pass(time.Second)
}

func (b *bench) hangUp() {
	b.line.State, b.line.Call, b.line.FarNumber = link.Idle, "", ""
	b.other.State = link.Idle
	b.pass(5 * time.Second)
}

// do plays the part of both people, step by step, and gives up what does not work.
func (b *bench) do() *Certificate {
	b.t.Helper()
	acts := map[string]func(){
		"ring": b.ring, "near": func() { b.speak(0) }, "far": func() { b.speak(1) }, "keys": b.keys,
		"pause": b.press, "resume": b.release, "hangup": b.hangUp,
	}
	b.pass(5 * time.Second)
	for turns := 0; !b.test.Done(); turns++ {
		if turns > 50 {
			b.t.Fatalf("the test does not end: %+v", b.test.Step())
		}
		id := b.test.Step().ID
		if act := acts[id]; act != nil {
			act()
		}
		b.pass(4 * time.Second)
		if s := b.test.Step(); s != nil && s.ID == id {
			b.pass(2 * time.Minute)
			if s := b.test.Step(); s != nil && s.ID == id {
				if s.State != Trouble || s.Advice == "" {
					b.t.Fatalf("after two minutes without anything: %+v", s)
				}
				b.test.Fail()
			}
		}
	}
	return b.test.Certify("Town hall", "test", "Asha Patel")
}
