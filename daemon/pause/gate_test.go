package pause

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"linevault/codec/pcm"
)

var mono = pcm.Format{Rate: 8000, Legs: 1}

// ramp is a frame whose samples tell their positions, modulo 30011.
func ramp(from, n pcm.Pos, legs int) pcm.Frame {
	f := pcm.Frame{Pos: from, Format: pcm.Format{Rate: 8000, Legs: legs}}
	for i := range n {
		for range legs {
			f.PCM = append(f.PCM, int16((from+i)%30011)+1)
		}
	}
	return f
}

// keeper takes what leaves a gate and checks that it tiles and is what went in.
type keeper struct {
	t    *testing.T
	at   pcm.Pos
	gaps []Piece
	kept []pcm.Span
	// silent says whether a sample was muted before it left; nil if none was.
	silent func(pcm.Pos) bool
}

func (k *keeper) take(p Piece) error {
	k.t.Helper()
	if p.Span.From != k.at || p.Span.Empty() {
		k.t.Fatalf("invariant 1 Tile: a piece %v follows %d", p.Span, k.at)
	}
	k.at = p.Span.To
	if p.Gap {
		if len(p.Frame.PCM) != 0 {
			k.t.Fatalf("invariant 2 No leak: a gap carries %d samples", len(p.Frame.PCM))
		}
		k.gaps = append(k.gaps, p)
		return nil
	}
	legs := p.Frame.Format.Legs
	if p.Frame.Span() != p.Span {
		k.t.Fatalf("a piece %v holds the frame %v", p.Span, p.Frame.Span())
	}
	for i, s := range p.Frame.PCM {
		at := p.Span.From + pcm.Pos(i/legs)
		want := int16(at%30011) + 1
		if k.silent != nil && k.silent(at) {
			want = 0
		}
		if s != want {
			k.t.Fatalf("sample %d of %v is %d, want %d", i, p.Span, s, want)
		}
	}
	k.kept = append(k.kept, p.Span)
	return nil
}

func (k *keeper) keeps(p pcm.Pos) bool {
	for _, s := range k.kept {
		if s.Contains(p) {
			return true
		}
	}
	return false
}

func TestLatePauseStillCutsExactly(t *testing.T) {
	g := NewGate(mono, Policy{HoldBack: 2 * time.Second, GuardBefore: 500 * time.Millisecond, GuardAfter: 200 * time.Millisecond})
	k := &keeper{t: t}
	card := Source{Name: "terminal 1"}
	push := func(to pcm.Pos) {
		for p := g.end; p < to; p += 800 {
			if err := g.Push(ramp(p, 800, 1), k.take); err != nil {
				t.Fatal(err)
			}
		}
	}
	push(24000)
	if late := g.Pause(24000-12000, card, "card payment"); !late.Empty() {
		t.Errorf("1.5 s late with 2 s of hold-back: late by %v", late)
	}
	if got := g.Asking(); len(got) != 1 || got[0] != card {
		t.Errorf("Asking() = %v", got)
	}
	push(48000)
	g.Resume(40000, card)
	push(80000)
	if err := g.Drain(k.take); err != nil {
		t.Fatal(err)
	}
	first, last := k.gaps[0].Span.From, k.gaps[len(k.gaps)-1].Span.To
	if first != 12000-4000 || last != 40000+1600 {
		t.Errorf("cut %d..%d, want %d..%d", first, last, 8000, 41600)
	}
	for _, p := range k.gaps {
		if p.By != card || p.Why != "card payment" || p.Lost {
			t.Errorf("gap %+v", p)
		}
	}
	if g.left != 80000 || len(g.cuts) != 0 {
		t.Errorf("left %d, %d cuts", g.left, len(g.cuts))
	}
}

func TestTooLatePauseIsReported(t *testing.T) {
	g := NewGate(mono, Policy{HoldBack: time.Second})
	k := &keeper{t: t}
	_ = g.Push(ramp(0, 16000, 1), k.take)
	if late, want := g.Pause(5000, Source{Name: "x"}, ""), (pcm.Span{From: 5000, To: 8000}); late != want {
		t.Errorf("late = %v, want %v", late, want)
	}
	if late := g.Pause(6000, Source{Name: "x"}, ""); !late.Empty() {
		t.Errorf("asking again is late by %v", late)
	}
}

func TestStopForGoodLastsToTheEndOfTheCall(t *testing.T) {
	g := NewGate(mono, Policy{Stop: true})
	k := &keeper{t: t}
	_ = g.Push(ramp(0, 1000, 1), k.take)
	g.Pause(1000, Source{Name: "terminal"}, "")
	g.Resume(2000, Source{Name: "terminal"})
	_ = g.Push(ramp(1000, 9000, 1), k.take)
	g.EndCall(10000)
	_ = g.Push(ramp(10000, 1000, 1), k.take)
	if !k.keeps(500) || k.keeps(1000) || k.keeps(9999) || !k.keeps(10500) {
		t.Errorf("kept %v", k.kept)
	}
}

func TestContactsOutliveCallsAndOthersDoNot(t *testing.T) {
	g := NewGate(mono, Policy{})
	k := &keeper{t: t}
	contact := Source{Name: "contact till 3", Contact: true}
	g.Pause(0, contact, "")
	g.Pause(0, Source{Name: "console"}, "")
	_ = g.Push(ramp(0, 1000, 1), k.take)
	g.EndCall(1000)
	if a := g.Asking(); len(a) != 1 || a[0] != contact {
		t.Errorf("after the call %v ask", a)
	}
	_ = g.Push(ramp(1000, 1000, 1), k.take)
	g.Resume(2000, contact)
	_ = g.Push(ramp(2000, 1000, 1), k.take)
	if k.keeps(1999) || !k.keeps(2000) {
		t.Errorf("kept %v", k.kept)
	}
}

func TestHolesAreLostAndDoNotStop(t *testing.T) {
	g := NewGate(mono, Policy{HoldBack: time.Second})
	k := &keeper{t: t}
	_ = g.Push(ramp(0, 4000, 1), k.take)
	_ = g.Push(ramp(100000, 4000, 1), k.take)
	_ = g.Drain(k.take)
	if len(k.gaps) == 0 || !k.gaps[0].Lost || k.gaps[0].Span.From != 4000 || k.at != 104000 {
		t.Errorf("gaps %v, at %d", k.gaps, k.at)
	}
}

func TestAdvanceLetsTheLastWordsLeave(t *testing.T) {
	g := NewGate(mono, Policy{HoldBack: time.Second})
	k := &keeper{t: t}
	_ = g.Push(ramp(0, 8000, 1), k.take)
	_ = g.Advance(12000, k.take)
	if k.at != 4000 {
		t.Errorf("after half the hold-back %d samples left, want 4000", k.at)
	}
	g.Pause(6000, Source{Name: "x"}, "")
	_ = g.Advance(1<<40, k.take)
	if !k.keeps(5999) || k.keeps(6000) || k.at != 8000 {
		t.Errorf("kept %v, at %d", k.kept, k.at)
	}
}

// FuzzGateNeverLeaks drives a gate with a random schedule. An oracle that knows only what
// was asked, and when, says of every sample whether it may have left.
func FuzzGateNeverLeaks(f *testing.F) {
	for seed := range uint64(8) {
		f.Add(seed, uint16(400*seed), uint8(seed), uint8(3*seed), seed%2 == 1)
	}
	f.Fuzz(func(t *testing.T, seed uint64, hold uint16, before, after uint8, stereo bool) {
		fuzzGate(t, rand.New(rand.NewPCG(seed, 7)), pcm.Pos(hold%4000), pcm.Pos(before), pcm.Pos(after), stereo)
	})
}

func fuzzGate(t *testing.T, r *rand.Rand, hold, before, after pcm.Pos, stereo bool) {
	legs := 1
	if stereo {
		legs = 2
	}
	ms := func(n pcm.Pos) time.Duration { return time.Duration(n) * time.Second / 8000 }
	g := NewGate(pcm.Format{Rate: 8000, Legs: legs}, Policy{
		HoldBack: ms(hold), GuardBefore: ms(before), GuardAfter: ms(after),
	})
	k := &keeper{t: t}
	type asked struct {
		pcm.Span
		by   Source
		left pcm.Pos // what had left when it was asked
	}
	var asks, mutes []asked
	k.silent = func(p pcm.Pos) bool {
		return slices.ContainsFunc(mutes, func(m asked) bool { return m.Contains(p) && p >= m.left })
	}
	sources := []Source{{Name: "a"}, {Name: "b"}, {Name: "c", Contact: true}}
	end := pcm.Pos(r.IntN(500))
	k.at = end
	for end < 20000 {
		switch src := sources[r.IntN(3)]; r.IntN(8) {
		case 0:
			at := end - pcm.Pos(r.IntN(3000)) + pcm.Pos(r.IntN(300))
			late := g.Pause(at, src, "")
			asks = append(asks, asked{pcm.Span{From: at - before, To: never}, src, g.left})
			if !late.Empty() && (late.From != at-before || late.To != g.left) {
				t.Fatalf("late %v of a pause at %d when %d had left", late, at, g.left)
			}
		case 1:
			at := end - pcm.Pos(r.IntN(1000))
			g.Resume(at, src)
			last := at
			for _, a := range asks {
				if a.To == never && a.by == src {
					last = max(last, a.From)
				}
			}
			for i := range asks {
				if a := &asks[i]; a.To == never && a.by == src {
					a.To = max(last+after, g.left) // what had left is cut already
				}
			}
		case 2:
			s := pcm.Span{From: end - pcm.Pos(r.IntN(1500))}
			s.To = s.From + 1 + pcm.Pos(r.IntN(2000))
			g.Mute(s)
			mutes = append(mutes, asked{Span: s, left: g.left})
		case 3:
			s := pcm.Span{From: end - pcm.Pos(r.IntN(3000))}
			s.To = s.From + 1 + pcm.Pos(r.IntN(4000))
			late := g.Cut(s, src, "")
			asks = append(asks, asked{s, Source{Name: "cut"}, g.left})
			if g.begun && late != s.Intersect(pcm.Span{From: math.MinInt64, To: g.left}) && !late.Empty() {
				t.Fatalf("late %v of the cut %v when %d had left", late, s, g.left)
			}
		default:
			if g.begun && r.IntN(12) == 0 {
				end += pcm.Pos(r.IntN(500)) // the card loses some
			}
			n := pcm.Pos(1 + r.IntN(900))
			if err := g.Push(ramp(end, n, legs), k.take); err != nil {
				t.Fatal(err)
			}
			end += n
		}
	}
	if err := g.Drain(k.take); err != nil {
		t.Fatal(err)
	}
	if len(k.kept)+len(k.gaps) > 0 && k.at != end {
		t.Fatalf("invariant 1 Tile: %d came in and %d left", end, k.at)
	}
	for _, a := range asks {
		for _, s := range k.kept {
			if leak := s.Intersect(pcm.Span{From: max(a.From, a.left), To: a.To}); !leak.Empty() {
				t.Fatalf("invariant 2 No leak: %v left, %v was asked when %d had left: %v", leak, a.Span, a.left, asks)
			}
		}
	}
	for _, p := range k.gaps {
		if p.Lost {
			continue
		}
		for q := p.Span.From; q < p.Span.To; q++ {
			if !slices.ContainsFunc(asks, func(a asked) bool { return a.Contains(q) }) {
				t.Fatalf("sample %d of the gap %v by %v was cut and nobody had asked: %v", q, p.Span, p.By, asks)
			}
		}
	}
}
