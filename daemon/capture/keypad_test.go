package capture

import (
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"linevault/codec/codectest"
	"linevault/codec/dsp/dtmf"
	"linevault/codec/pcm"
	"linevault/daemon/call"
	"linevault/daemon/pause"
	"linevault/daemon/pause/keypad"
	"linevault/hal"
	"linevault/storage"
)

// dial puts digits of 80 ms, 80 ms apart, in place of what is said, as telephones do, and
// returns where they begin and end.
func dial(s []int16, digits string, at time.Duration) pcm.Span {
	rows, columns := []float64{697, 770, 852, 941}, []float64{1209, 1336, 1477, 1633}
	p := pcm.Pos(at.Seconds() * rate)
	span := pcm.Span{From: p}
	clear(s[p : p+pcm.Pos(len(digits))*rate*16/100])
	for _, d := range digits {
		k := strings.IndexRune("123A456B789C*0#D", d)
		for i := p; i < p+rate*8/100; i++ {
			x := 2 * math.Pi * float64(i) / rate
			s[i] += int16(3000 * (math.Sin(x*rows[k/4]) + math.Sin(x*columns[k%4])))
		}
		span.To = p + rate*8/100
		p += rate * 16 / 100
	}
	return span
}

// tapped is a line of two legs, in blocks of 100 ms.
func tapped(near, far []int16) *tape2 {
	l := &tape2{}
	f := l.Format()
	for p := pcm.Pos(0); p < pcm.Pos(len(near)); p += rate / 10 {
		b := hal.Block{Frame: pcm.Frame{Epoch: 1, Pos: p, Format: f}, Captured: pcm.Mono(f.Duration(p + rate/10))}
		for i := p; i < p+rate/10; i++ {
			b.Frame.PCM = append(b.Frame.PCM, near[i], far[i])
		}
		l.blocks = append(l.blocks, b)
	}
	return l
}

// tape2 is a tape of two legs.
type tape2 struct{ tape }

func (*tape2) Format() pcm.Format { return pcm.Format{Rate: rate, Legs: 2} }

// keypadLine records near and far with the usual codes.
func (b *bench) keypadLine(near, far []int16, change func(*Setup)) *Line {
	b.t.Helper()
	src := tapped(near, far)
	s := Setup{
		Source: src, Detector: call.NewWhole(call.Defaults(src.Format())), Pause: usual, Complexity: 5, Writer: b.w, Health: b.board,
		AtEnd: storage.FileEnd, Call: storage.Call{Name: "Parking", Class: "standard"}, Codes: keypad.Codes{Pause: "*#0", Resume: "*#1"},
	}
	if change != nil {
		change(&s)
	}
	l, err := NewLine(s)
	if err != nil {
		b.t.Fatal(err)
	}
	return l
}

// digitsIn are the digits that a detector hears in s.
func digitsIn(s []int16) (heard string) {
	d := dtmf.New()
	d.Step(s, func(k dtmf.Digit) { heard += string(k.Symbol) })
	return heard
}

// Invariant 2, No leak: push-button digits of either party appear nowhere, unless the line keeps
// them. Invariant 1, Tile: the call has its length, and no gap.
func TestInvariantDigitsAreRemoved(t *testing.T) {
	speech := codectest.Speech(t, 40*rate)
	for _, keep := range []bool{false, true} {
		near, far := slices.Clone(speech[:20*rate]), make([]int16, 20*rate)
		dial(near, "07700900123#", 2*time.Second)
		dial(far, "4929*", 8*time.Second)
		b := newBench(t)
		l := b.keypadLine(near, far, func(s *Setup) { s.KeepKeypad = keep })
		loudestLevel := -90.0
		for err := error(nil); err != io.EOF; {
			if err = l.Step(); err != nil && err != io.EOF {
				t.Fatal(err)
			}
			loudestLevel = max(loudestLevel, l.State().Levels[1])
		}
		s, rows := b.stored()
		if len(rows) != 1 || len(rows[0].Gaps) != 0 || rows[0].Recorded != 20*time.Second {
			t.Fatalf("calls %+v", rows)
		}
		legs := decoded(t, s, rows[0].Call.ID)
		heard := digitsIn(legs[0]) + digitsIn(legs[1])
		if keep {
			if !strings.Contains(heard, "4929*") || loudestLevel < -30 {
				t.Errorf("kept %q at %.0f dBFS: this test proves nothing", heard, loudestLevel)
			}
			continue
		}
		if heard != "" {
			t.Errorf("in the recording %d digits can be heard", len(heard))
		}
		for _, hz := range []float64{697, 770, 852, 941, 1209, 1336, 1477} {
			if l := loudest(legs[1], hz); l > -60 {
				t.Errorf("in the far leg %v Hz is at %.1f dBFS", hz, l)
			}
		}
		p, err := s.Play(rows[0].Call.ID)
		if err != nil {
			t.Fatal(err)
		}
		peaks, _, err := p.Peaks()
		if err != nil {
			t.Fatal(err)
		}
		if m := slices.Max(peaks[1]); m > 0 {
			t.Errorf("the far leg, silent but for digits, has a peak of %d", m)
		}
		if loudestLevel > -89 {
			t.Errorf("the far leg, silent but for digits, shows a level of %.0f dBFS", loudestLevel)
		}
	}
}

// An agent pauses from the first digit of one code to the last of another; the outside party
// cannot resume.
func TestPauseByCode(t *testing.T) {
	speech := codectest.Speech(t, 60*rate)
	near, far := slices.Clone(speech[:30*rate]), slices.Clone(speech[30*rate:])
	begin := dial(near, "*#0", 5*time.Second)
	dial(far, "*#1", 8*time.Second)
	end := dial(near, "*#1", 12*time.Second)
	b := newBench(t)
	_, rows := b.run(b.keypadLine(near, far, nil))
	if len(rows) != 1 || len(rows[0].Gaps) != 1 {
		t.Fatalf("calls %+v", rows)
	}
	g := rows[0].Gaps[0]
	early, late := begin.From-rate/2-g.Span.From, g.Span.To-end.To-rate/5
	if g.By != "keypad" || early < 0 || early > rate/20 || late < 0 || late > rate/20 {
		t.Errorf("gap %+v: %d samples more than the guards before, %d after", g, early, late)
	}
}

// Digits of a card and no pause: what is still here is cut, what was recorded is withheld, and
// somebody is told. With a pause around them nothing more happens.
func TestCardDigitsWithoutAPause(t *testing.T) {
	speech := codectest.Speech(t, 80*rate)
	for _, paused := range []bool{false, true} {
		near, far := slices.Clone(speech[:40*rate]), slices.Clone(speech[40*rate:])
		at := 25 * time.Second
		card := dial(far, "4111111111111111", at)
		b := newBench(t)
		l := b.keypadLine(near, far, nil)
		if paused {
			src := pause.Source{Name: "terminal 1"}
			l.Post(Mark{Pos: new(pcm.Pos(24 * rate)), Do: Pause, Source: src, Arm: true})
			for range 300 {
				if err := l.Step(); err != nil {
					t.Fatal(err)
				}
			}
			l.Post(Mark{Pos: new(pcm.Pos(29 * rate)), Do: Resume, Source: src})
		}
		s, rows := b.run(l)
		if alarms := b.board.Alarms(); (len(alarms) == 1) == paused {
			t.Errorf("paused %v: alarms %v", paused, alarms)
		}
		if paused {
			if len(rows[0].Gaps) != 1 {
				t.Errorf("gaps %+v", rows[0].Gaps)
			}
			continue
		}
		p, err := s.Play(rows[0].Call.ID)
		if err != nil {
			t.Fatal(err)
		}
		want := pcm.Span{From: card.From - rate/2, To: card.To + rate/5}
		played := pcm.Pos(0)
		for {
			k, _, err := p.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if k == nil {
				continue
			}
			played += k.Span.Len() / 2
			if !k.Span.Intersect(want).Empty() {
				t.Fatalf("a packet of %v can be played, the card was keyed at %v", k.Span, card)
			}
		}
		if lost := 40*rate - played - want.Len(); lost > rate/2 {
			t.Errorf("%d samples more than the card's are withheld", lost)
		}
	}
}
