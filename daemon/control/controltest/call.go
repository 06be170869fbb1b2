package controltest

import (
	"math"
	"testing"
	"time"

	"linevault/codec"
	"linevault/codec/dsp"
	"linevault/codec/opus"
	"linevault/codec/pcm"
	"linevault/storage"
)

// Call is a call to be recorded; see Record.
type Call struct {
	Line, Name, Department string
	Far                    storage.Number
	Direction              storage.Direction
	Start                  time.Time
	Length                 time.Duration
	Gaps                   []Gap           // in order, apart from each other
	Late                   *Gap            // asked for after it had been recorded
	Asked                  []storage.Asked // how pauses were asked for, in samples from the call's start
	End                    storage.EndReason
	Demo, Unfinished       bool
}

// Gap is a stretch of a call, in its own time, that is not recorded.
type Gap struct {
	From, To   time.Duration
	Cause      storage.Cause
	By, Reason string
}

// Record encodes, seals and commits c, as long as it takes to compute, not to listen to. The
// two legs speak in turns, so that they can be told apart.
func (b *Box) Record(t testing.TB, c Call) storage.CallID {
	t.Helper()
	const from = 1_000_003 // a call may begin anywhere on its line's clock
	id := storage.NewCallID(c.Start)
	for i := range c.Asked {
		c.Asked[i].At += from
		if c.Asked[i].To > 0 {
			c.Asked[i].To += from
		}
	}
	r, err := b.Writer.Begin(storage.Call{
		Pauses: c.Asked,
		ID:     id, Line: pcm.LineID(c.Line), Name: c.Name, Department: c.Department, LineNumber: "02079460100",
		FarNumber: c.Far, Direction: c.Direction, Class: Class, Format: format, Start: c.Start, From: from,
		Clock: storage.ClockState{Source: "ntp"}, Software: "test", Demo: c.Demo,
	})
	must(t, err)
	enc, err := opus.NewEncoder(format)
	must(t, err)
	defer enc.Close()
	peaks := dsp.NewPeaks(format)
	packet := func(p codec.Packet) error { return r.Packet(p) }
	peak := func(leg pcm.Leg, bin int64, v uint8) { must(t, r.Peak(leg, bin, v)) }

	pos := func(d time.Duration) pcm.Pos { return from + format.Samples(d) }
	at, end := pcm.Pos(from), pos(c.Length)
	speakTo := func(to pcm.Pos) {
		for at < to {
			f := speech(at, min(to, at+1600))
			peaks.Add(f, peak)
			must(t, enc.Encode(f, packet))
			at += f.Len()
		}
	}
	for _, g := range c.Gaps {
		speakTo(pos(g.From))
		must(t, enc.Break(packet))
		must(t, r.Gap(storage.Gap{Span: pcm.Span{From: at, To: pos(g.To)}, Cause: g.Cause, By: g.By, Reason: g.Reason}))
		at = pos(g.To)
	}
	speakTo(end)
	must(t, enc.Break(packet))
	peaks.Flush(peak)
	if g := c.Late; g != nil {
		note := r.Late
		if g.Cause == storage.Quarantined {
			note = r.Quarantine
		}
		must(t, note(pcm.Span{From: pos(g.From), To: pos(g.To)}, g.By, g.Reason))
	}
	if c.Unfinished {
		must(t, r.Flush())
	} else {
		must(t, r.Finish(storage.End{At: end, Why: c.End, Machine: c.Length}))
	}
	must(t, b.Writer.Commit())
	return id
}

// speech is a buzz with the rhythm of syllables: near and far take turns of three seconds.
func speech(from, to pcm.Pos) pcm.Frame {
	f := pcm.Frame{Pos: from, Format: format, PCM: make([]int16, 0, 2*(to-from))}
	for p := from; p < to; p++ {
		t := float64(p) / float64(format.Rate)
		near, far := voice(t, 118), voice(t+0.3, 205)
		if int64(t/3)%2 == 0 {
			far *= 0.02
		} else {
			near *= 0.02
		}
		f.PCM = append(f.PCM, int16(near), int16(far*0.7))
	}
	return f
}

func voice(t, pitch float64) float64 {
	loud := math.Pow(math.Abs(math.Sin(math.Pi*t*2.3)), 1.5) * (0.6 + 0.4*math.Sin(t*1.7))
	var v float64
	for h := 1.0; h <= 6; h++ {
		v += math.Sin(2*math.Pi*pitch*h*t+h) / h
	}
	return 6000 * loud * v
}

// Demo records five calls that show everything a call can be, the newest last.
func (b *Box) Demo(t testing.TB) []storage.CallID {
	t.Helper()
	now := time.Now().Truncate(time.Second)
	calls := []Call{
		{Line: "repairs", Name: "Housing repairs", Department: "Housing", Direction: storage.Outbound, Far: "01632960123", Start: now.Add(-49 * time.Hour), Length: 12 * time.Second, End: storage.HungUp},
		{Line: "desk-4", Name: "Desk 4", Direction: storage.Inbound, Start: now.Add(-26 * time.Hour), Length: 9 * time.Second, End: storage.CardLost, Gaps: []Gap{{From: 4 * time.Second, To: 5 * time.Second, Cause: storage.Lost, Reason: "the card gave no sound"}}},
		{Line: "parking", Name: "Parking fines", Department: "Highways", Direction: storage.Inbound, Far: "07700900123", Start: now.Add(-3 * time.Hour), Length: 15 * time.Second, End: storage.HungUp, Late: &Gap{From: 6 * time.Second, To: 8 * time.Second, By: "terminal parking-1", Reason: "card payment"}},
		{Line: "council-tax", Name: "Council tax", Department: "Revenues", Direction: storage.Inbound, Far: "01134960123", Start: now.Add(-2 * time.Hour), Length: 20 * time.Second, End: storage.HungUp, Demo: true},
		{Line: "parking", Name: "Parking fines", Department: "Highways", Direction: storage.Inbound, Far: "02079460123", Start: now.Add(-time.Hour), Length: 42 * time.Second, End: storage.HungUp, Gaps: []Gap{{From: 18 * time.Second, To: 27500 * time.Millisecond, Cause: storage.Paused, By: "terminal parking-1", Reason: "card payment"}}, Asked: []storage.Asked{{Kind: storage.ByTerminal, By: "terminal parking-1", Reason: "card payment", At: 148000, To: 218400, Latency: 340 * time.Millisecond}}},
	}
	ids := make([]storage.CallID, 0, len(calls))
	for _, c := range calls {
		ids = append(ids, b.Record(t, c))
	}
	return ids
}
