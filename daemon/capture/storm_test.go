package capture

import (
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/pause"
	"linevault/storage"
)

// storm is one pause of many.
type storm struct {
	asked pcm.Span // from the instant it was asked for to the instant of the resume
	code  bool     // by codes; otherwise by marks, which arrive late
	by    pause.Source
	late  [2]pcm.Pos // how late the two marks arrive
}

// marker is the frequency of what must not be kept, in Hz.
const marker = 2300

// batch is how many pauses one call of a storm has.
const batch = 150

// Invariant 2, No leak: pauses at random, by terminals, contacts and codes, whose marks arrive up
// to the hold-back late. A 2.3 kHz marker, far from the tones of digits, sounds exactly while they last, guards included, on an
// otherwise quiet line; nothing of it is in what is decoded or in the waveform, the line shows no
// levels while anybody asks, and little else is cut. LINEVAULT_PAUSES says how many;
// `make storm` has 10,000.
func TestInvariantNoLeakInAStormOfPauses(t *testing.T) {
	n := batch
	if s := os.Getenv("LINEVAULT_PAUSES"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	var all storms
	for seed := uint64(0); all.pauses < n && !t.Failed(); seed++ {
		all.add(storming(t, min(batch, n-all.pauses), seed))
	}
	f := pcm.Format{Rate: rate, Legs: 2}
	t.Logf("%d pauses, %d of them by codes, %d by contacts: the marker is at %.1f dBFS at most; besides the guards marks cut %v at most, codes %v",
		all.pauses, all.codes, all.contacts, all.loudest, f.Duration(all.over[0]), f.Duration(all.over[1]))
}

// storms is what was found in storms.
type storms struct {
	pauses, codes, contacts int
	over                    [2]pcm.Pos // the most that is cut besides the guards: by marks, by codes
	loudest                 float64    // dBFS of the marker in what is decoded
}

func (s *storms) add(o storms) {
	if s.pauses == 0 {
		s.loudest = o.loudest
	}
	s.pauses, s.codes, s.contacts = s.pauses+o.pauses, s.codes+o.codes, s.contacts+o.contacts
	s.over = [2]pcm.Pos{max(s.over[0], o.over[0]), max(s.over[1], o.over[1])}
	s.loudest = max(s.loudest, o.loudest)
}

// storming is a call with n pauses.
func storming(t *testing.T, n int, seed uint64) (found storms) {
	t.Helper()
	const before, after = pcm.Pos(rate / 2), pcm.Pos(rate / 5)
	r := rand.New(rand.NewPCG(11, 12+seed))
	noise := func() []int16 {
		s := make([]int16, (n*4+10)*rate)
		for i := range s {
			s[i] = int16(r.NormFloat64() * 8)
		}
		return s
	}
	near, far := noise(), noise()
	var all []storm
	at := pcm.Pos(2 * rate)
	sources := []pause.Source{{Name: "terminal 1"}, {Name: "contact 1", Contact: true}, {Name: "terminal 2"}}
	found.pauses = n
	for range n {
		at += pcm.Pos(rate + r.IntN(rate/2))
		p := storm{asked: pcm.Span{From: at, To: at + pcm.Pos(r.IntN(rate))}, by: sources[r.IntN(3)], code: r.IntN(3) == 0}
		switch {
		case p.code:
			found.codes++
			p.asked.To = p.asked.From + pcm.Pos(rate*3/2+r.IntN(rate/2))
		default:
			// The hold-back is 2 s, of which the guard takes 500 ms and a block 100 ms.
			p.late = [2]pcm.Pos{pcm.Pos(r.IntN(rate * 13 / 10)), pcm.Pos(r.IntN(rate * 13 / 10))}
		}
		if p.by.Contact && !p.code {
			found.contacts++
		}
		put(near, p.asked.From-before, p.asked.To+after, marker)
		put(far, p.asked.From-before, p.asked.To+after, marker)
		if p.code {
			dial(near, "*#0", time.Duration(p.asked.From)*time.Second/rate)
			dial(near, "*#1", time.Duration(p.asked.To-rate*40/100)*time.Second/rate)
		}
		all, at = append(all, p), p.asked.To
	}
	near, far = near[:at+5*rate-at%(rate/10)], far[:at+5*rate-at%(rate/10)]
	b := newBench(t)
	l := b.keypadLine(near, far, func(s *Setup) { s.Complexity = 1 })
	deliver(t, l, all)
	s, rows := b.stored()
	if len(rows) != 1 || len(rows[0].Gaps) != n {
		t.Fatalf("seed %d: %d calls, %d gaps for %d pauses", seed, len(rows), len(rows[0].Gaps), n)
	}
	for i, g := range rows[0].Gaps {
		want := pcm.Span{From: all[i].asked.From - before, To: all[i].asked.To + after}
		if g.Span.From > want.From || g.Span.To < want.To || g.Cause != storage.Paused {
			t.Fatalf("seed %d, pause %d: gap %+v, want %v", seed, i, g, want)
		}
		how := 0
		if all[i].code {
			how = 1
		}
		found.over[how] = max(found.over[how], want.From-g.Span.From, g.Span.To-want.To)
	}
	// Marks cut to the sample; where a dialled digit begins and ends is heard within 40 ms.
	if found.over[0] > 1 || found.over[1] > rate*40/1000 {
		t.Errorf("seed %d: besides the guards %d samples are cut by marks, and %d by codes", seed, found.over[0], found.over[1])
	}
	noPeaks(t, s, rows[0])
	found.loudest = -200
	for leg, d := range decoded(t, s, rows[0].Call.ID) {
		loud := loudest(d, marker)
		found.loudest = max(found.loudest, loud)
		if loud > -60 {
			t.Errorf("seed %d, leg %d: the marker is at %.1f dBFS", seed, leg, loud)
		}
	}
	if a := b.board.Alarms(); len(a) != 0 {
		t.Errorf("seed %d: alarms %v", seed, a)
	}
	return found
}

// deliver steps l to its end and posts the marks of all when they arrive.
func deliver(t *testing.T, l *Line, all []storm) {
	t.Helper()
	type arrival struct {
		at pcm.Pos
		m  Mark
	}
	var marks []arrival
	f := l.Source.Format()
	free := map[pause.Source]pcm.Pos{} // a source's marks arrive in order
	for _, p := range all {
		if p.code {
			continue
		}
		for i, at := range []pcm.Pos{p.asked.From, p.asked.To} {
			when := max(at+p.late[i], free[p.by])
			free[p.by] = when
			// Half a sample later, so that rounding does not make it another.
			mono := pcm.Mono(f.Duration(at)) + pcm.Mono(time.Second/rate/2)
			marks = append(marks, arrival{when, Mark{At: mono, Do: []Do{Pause, Resume}[i], Source: p.by}})
		}
	}
	slices.SortStableFunc(marks, func(a, b arrival) int { return int(a.at - b.at) })
	for {
		for len(marks) > 0 && marks[0].at <= l.upto {
			if !l.Post(marks[0].m) {
				t.Fatal("the mailbox is full")
			}
			marks = marks[1:]
		}
		if err := l.Step(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		if s := l.State(); len(s.PausedBy) > 0 && len(s.Levels) > 0 {
			t.Fatalf("levels are shown while %v asks for a pause", s.PausedBy)
		}
	}
}
