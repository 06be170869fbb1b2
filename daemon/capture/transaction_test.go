package capture

import (
	"io"
	"slices"
	"testing"

	"linevault/codec/codectest"
	"linevault/codec/pcm"
	"linevault/daemon/pause"
	"linevault/storage"
	"linevault/storage/sound"
)

// A payment that a terminal tells of, and that nobody pauses, is in quarantine: not played, with
// an alarm, and it is written down as missed. One with a pause anywhere in it is as it should be,
// also where the pause arrives when the payment is over.
func TestPaymentWithoutPauseIsQuarantined(t *testing.T) {
	till := pause.Source{Name: "terminal till 1"}
	other := pause.Source{Name: "contact 1", Contact: true}
	mark := func(at pcm.Pos, do Do, by pause.Source) Mark { return Mark{Pos: &at, Do: do, Source: by, Reason: "42"} }
	for name, row := range map[string]struct {
		marks  map[int][]Mark // by the second in which they arrive
		missed int
	}{
		"no pause":     {map[int][]Mark{5: {mark(5*rate, PaymentBegins, till)}, 9: {mark(9*rate, PaymentEnds, till)}}, 1},
		"a pause":      {map[int][]Mark{5: {mark(5*rate, PaymentBegins, till)}, 6: {mark(6*rate, Pause, other)}, 7: {mark(7*rate, Resume, other)}, 9: {mark(9*rate, PaymentEnds, till)}}, 0},
		"paused first": {map[int][]Mark{4: {mark(4*rate, Pause, till)}, 5: {mark(5*rate, PaymentBegins, till)}, 9: {mark(9*rate, PaymentEnds, till)}, 11: {mark(11*rate, Resume, till)}}, 0},
		"a late pause": {map[int][]Mark{5: {mark(5*rate, PaymentBegins, till)}, 9: {mark(9*rate, PaymentEnds, till)}, 10: {mark(88*rate/10, Pause, other), mark(9*rate, Resume, other)}}, 0},
		"too early":    {map[int][]Mark{2: {mark(2*rate, Pause, other)}, 3: {mark(3*rate, Resume, other)}, 5: {mark(5*rate, PaymentBegins, till)}, 9: {mark(9*rate, PaymentEnds, till)}}, 1},
		"two":          {map[int][]Mark{4: {mark(4*rate, PaymentBegins, till)}, 6: {mark(6*rate, PaymentEnds, till)}, 8: {mark(8*rate, PaymentBegins, till)}, 10: {mark(10*rate, PaymentEnds, till)}}, 2},
		"to the end":   {map[int][]Mark{12: {mark(12*rate, PaymentBegins, till)}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			speech := codectest.Speech(t, 30*rate)
			l := b.keypadLine(speech[:15*rate], speech[15*rate:30*rate], nil)
			for i := 0; ; i++ {
				if i%10 == 0 {
					for _, m := range row.marks[i/10] {
						if r := l.do(m); r.Idle || r.Other {
							t.Errorf("receipt %+v", r)
						}
					}
				}
				if err := l.Step(); err == io.EOF {
					break
				} else if err != nil {
					t.Fatal(err)
				}
			}
			s, rows := b.stored()
			var missed []storage.Asked
			for _, a := range rows[0].Pauses {
				if a.Missed {
					missed = append(missed, a)
				}
			}
			quarantined := slices.DeleteFunc(slices.Clone(rows[0].Gaps), func(g storage.Gap) bool { return g.Cause != storage.Quarantined })
			if len(missed) != row.missed || len(quarantined) != row.missed {
				t.Fatalf("missed %+v, gaps %+v", missed, rows[0].Gaps)
			}
			if alarms := len(b.board.Alarms()); alarms != min(1, row.missed) {
				t.Errorf("%d alarms", alarms)
			}
			for i, a := range missed {
				g := quarantined[i]
				if a.By != till.Name || a.Reason != "42" || a.Kind != storage.ByTerminal || g.Span.From != a.At-rate/2 || g.Span.To != min(a.To+rate/5, 15*rate) {
					t.Errorf("missed %+v, gap %+v", a, g)
				}
			}
			p, err := s.Play(rows[0].ID)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			for _, run := range p.Runs() {
				for _, a := range missed {
					if run.Gap == nil && !run.Span.Intersect(pcm.Span{From: a.At, To: a.To}).Empty() {
						t.Errorf("%v of the payment %v to %v can be played", run.Span, a.At, a.To)
					}
				}
			}
			if _, err := sound.NewWAV(p); err != nil {
				t.Error(err)
			}
		})
	}
}

// How a pause was asked for stays with its call: who, why, when, and how late it came.
func TestAskedStaysWithTheCall(t *testing.T) {
	b := newBench(t)
	speech := codectest.Speech(t, 40*rate)
	l := b.keypadLine(speech[:20*rate], speech[20*rate:40*rate], nil)
	till, contact := pause.Source{Name: "terminal till 1"}, pause.Source{Name: "contact door", Contact: true}
	at := func(p pcm.Pos) *pcm.Pos { return &p }
	for i := 0; ; i++ {
		switch i {
		case 40:
			l.do(Mark{Pos: at(35 * rate / 10), Do: Pause, Source: till, Reason: "card payment"})
			l.do(Mark{Pos: at(39 * rate / 10), Do: Pause, Source: till, Reason: "again"}) // no other pause
		case 60:
			l.do(Mark{Pos: at(6 * rate), Do: Resume, Source: till})
		case 120:
			l.do(Mark{Pos: at(8 * rate), Do: Pause, Source: contact}) // 4 s late, of 2 s that are held back
		case 130:
			l.do(Mark{Pos: at(13 * rate), Do: Resume, Source: contact})
		case 150:
			l.do(Mark{Pos: at(15 * rate), Do: Pause, Source: till})
		}
		if err := l.Step(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	_, rows := b.stored()
	p := rows[0].Pauses
	if len(p) != 3 {
		t.Fatalf("asked %+v", p)
	}
	f := l.Source.Format()
	if a := p[0]; a.By != till.Name || a.Kind != storage.ByTerminal || a.Reason != "card payment" || a.At != 35*rate/10 || a.To != 6*rate || a.Latency != f.Duration(rate/2) || a.Late != 0 || a.Missed || a.Long {
		t.Errorf("first %+v", a)
	}
	if a := p[1]; a.Kind != storage.ByContact || a.Latency != f.Duration(4*rate) || a.Late == 0 || a.To != 13*rate {
		t.Errorf("second %+v", a)
	}
	if a := p[2]; a.To != 0 {
		t.Errorf("third %+v: it was not over when the recording was", a)
	}
}
