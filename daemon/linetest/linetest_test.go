package linetest

import (
	"math"
	"strings"
	"testing"
	"time"

	"linevault/daemon/link"
)

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
