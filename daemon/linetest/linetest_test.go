package linetest

import (
	"math"
	"slices"
	"strings"
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

// TestEachFaultIsFoundAndAdvised: a good line passes every step, and each fault fails its own with
// advice that names what to mend.
func TestEachFaultIsFoundAndAdvised(t *testing.T) {
	pri := func(b *bench) {
		b.line.Wiring = link.Wiring{Card: "pri", Kind: "pri", Channels: []int{7}, Detect: "loop"}
	}
	for _, c := range []struct {
		name   string
		change func(*bench)
		fails  map[string]string // by step, what its advice says
	}{
		{"good", func(*bench) {}, nil},
		{"number with country", func(b *bench) { b.delivers = "447700900123" }, nil},
		{"swapped", func(b *bench) { b.swapped = true }, map[string]string{
			"near": "the two sides are exchanged. Exchange the two channels", "far": "The caller is heard on the council side", "keys": "the two sides are exchanged",
		}},
		{"swapped spans", func(b *bench) { pri(b); b.swapped = true }, map[string]string{
			"near": "Exchange network_span and user_span", "far": "Exchange network_span and user_span", "keys": "the two sides are exchanged",
		}},
		{"near leg dead", func(b *bench) { b.dead = 0 }, map[string]string{"near": "channel 3 of card rear"}},
		{"far leg dead", func(b *bench) { b.dead = 1 }, map[string]string{"far": "channel 4 of card rear"}},
		{"far leg dead on ISDN", func(b *bench) { pri(b); b.dead = 1 }, map[string]string{"far": "network_span"}},
		{"near too quiet", func(b *bench) { b.gain[0] = -24 }, map[string]string{"near": "input gain of channel 3 of card rear up by about"}},
		{"far too loud", func(b *bench) { b.gain[1] = 14 }, map[string]string{"far": "input gain of channel 4 of card rear down by about"}},
		{"far too quiet on ISDN", func(b *bench) { pri(b); b.gain[1] = -24 }, map[string]string{"far": "no gain: the level comes from the network"}},
		{"distorted", func(b *bench) { b.clips = true }, map[string]string{"near": "cut off at its peaks", "far": "cut off at its peaks"}},
		{"no number", func(b *bench) { b.delivers = "" }, map[string]string{"number": "Caller Display is ordered"}},
		{"another number", func(b *bench) { b.delivers = "02079460999" }, map[string]string{"number": "another number than the one that you gave"}},
		{"no pause", func(b *bench) { b.contact = false }, map[string]string{"pause": "No pause came"}},
		{"outgoing", func(b *bench) { b.line.Direction = "out" }, nil},
		{"two taps on one pair", func(b *bench) { b.twin = true }, map[string]string{"alone": "Line Repairs hears what this line hears"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cert := newBench(t, c.change).do()
			failed := 0
			for _, s := range cert.Steps {
				want, expected := c.fails[s.ID]
				switch {
				case expected && (s.State != Failed || !strings.Contains(s.Advice, want)):
					t.Errorf("step %s: %s, %q; it should fail and say %q", s.ID, s.State, s.Advice, want)
				case !expected && s.State == Failed:
					t.Errorf("step %s failed: %q %q", s.ID, s.Seen, s.Advice)
				}
				if s.State == Failed {
					failed++
				}
			}
			if (cert.Outcome == NotPassed) != (failed > 0) {
				t.Errorf("%d steps failed and the certificate says %q", failed, cert.Outcome)
			}
			if c.fails == nil && cert.Outcome != AllPassed {
				t.Errorf("a good line: %s\n%s", cert.Outcome, cert.Text(time.UTC))
			}
			if strings.Contains(cert.Text(time.UTC), "900123") {
				t.Error("the caller's number is in the certificate")
			}
		})
	}
}

// The wrong line reacts: the advice names it.
func TestAnotherLineReacts(t *testing.T) {
	b := newBench(t, func(b *bench) { b.stray = true })
	b.pass(5 * time.Second)
	b.ring()
	b.pass(2 * time.Minute)
	if s := b.test.Step(); s.ID != "ring" || s.State != Trouble || !strings.Contains(s.Advice, "Line Repairs reacted instead") {
		t.Errorf("%+v", s)
	}
}

// A fault that is mended while its step waits passes by itself, and a step can be left out.
func TestTroublePasses(t *testing.T) {
	b := newBench(t, func(b *bench) { b.line.State, b.line.Problem = link.Failed, "it is unplugged" })
	b.pass(time.Second)
	if s := b.test.Step(); s.State != Trouble || !strings.Contains(s.Advice, "it is unplugged") {
		t.Fatalf("a card that is lost: %+v", s)
	}
	b.line.State = link.Idle
	b.pass(4 * time.Second)
	if s := b.test.Step(); s.ID != "ring" || s.State != Doing {
		t.Fatalf("when it is back: %+v", s)
	}
	b.test.Skip("nobody can ring this line")
	if s := b.test.Steps()[1]; s.State != Skipped || s.Reason != "nobody can ring this line" {
		t.Errorf("left out: %+v", s)
	}
}

// On a line whose parties are mixed, nothing can be the wrong way round.
func TestMixedLine(t *testing.T) {
	b := newBench(t, func(b *bench) {
		b.line.Legs, b.line.Wiring.Channels = 1, []int{5}
		b.line.Levels, b.line.Signs.Keyed, b.line.Signs.Clipped = []float64{-70}, []uint64{0}, []uint64{0}
	})
	b.pass(5 * time.Second)
	b.ring()
	for range 2 {
		b.line.Levels = []float64{-22}
		b.pass(5 * time.Second)
		b.line.Levels = []float64{-70}
		b.pass(2 * time.Second)
	}
	b.keys()
	if s := b.test.Steps()[6]; s.State != Passed || !strings.Contains(s.Seen, "no way round") {
		t.Errorf("%+v", s)
	}
}

// A recorder that is started again counts anew; the step under way begins anew with it.
func TestRecorderStartsAgain(t *testing.T) {
	b := newBench(t)
	b.pass(5 * time.Second)
	b.ring()
	b.speak(0)
	b.speak(1)
	b.line.Signs.Keyed = []uint64{0, 0}
	b.pass(time.Second)
	b.keys()
	if s := b.test.Steps()[6]; s.State != Passed || !strings.HasPrefix(s.Seen, "3 digits") {
		t.Errorf("%+v", s)
	}
}

// Two testers who do the same at the same time are not taken for one circuit, as long as they say
// different things.
func TestNeighbourInStep(t *testing.T) {
	var a, b, twin []float64
	for i := range 200 {
		if i%60 > 30 {
			a, b = append(a, -90), append(b, -90)
		} else {
			x := float64(i)
			a = append(a, -24+10*math.Sin(x/1.7)*math.Cos(x/5.3))
			b = append(b, -24+10*math.Sin(x/1.3)*math.Cos(x/4.1))
		}
		twin = append(twin, a[max(0, i-1)]-14)
	}
	if r, of := likeness(a, b); r >= alike || of < fewest {
		t.Errorf("unrelated speech in step is %.2f alike, of %d", r, of)
	}
	if r, of := likeness(a, twin); r < alike || of < fewest {
		t.Errorf("the same, a status later, is %.2f alike, of %d", r, of)
	}
}

func TestSameNumber(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"02079460123", "+44 20 7946 0123", true},
		{"79460123", "020 7946 0123", true},
		{"4020", "4020", true},
		{"4020", "020 7946 4020", false},
		{"02079460123", "02079460124", false},
		{"", "", false},
	} {
		if same(c.a, c.b) != c.same {
			t.Errorf("%q and %q: same is %v", c.a, c.b, !c.same)
		}
	}
}
