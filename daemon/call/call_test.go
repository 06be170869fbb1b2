package call

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"linevault/codec/codectest"
	"linevault/codec/pcm"
	"linevault/hal"
)

var stereo = pcm.Format{Rate: 8000, Legs: 2}

// feed steps a detector through sound in blocks of n and returns what it found.
func feed(d Detector, f pcm.Format, sound []int16, n int) []Edge {
	var all []Edge
	for i := 0; i < len(sound); i += n * f.Legs {
		part := sound[i:min(i+n*f.Legs, len(sound))]
		all = append(all, d.Step(&hal.Block{Frame: pcm.Frame{Pos: pcm.Pos(i / f.Legs), Format: f, PCM: part}})...)
	}
	return all
}

// line puts speech on the far leg from each of the given seconds on, over quiet line noise.
func line(t *testing.T, seconds int, at ...int) []int16 {
	r := rand.New(rand.NewPCG(1, 2))
	speech := codectest.Speech(t, 8000*60)
	sound := make([]int16, seconds*8000*2)
	for i := range sound {
		sound[i] = int16(r.NormFloat64() * 12) // about -69 dBFS
	}
	for _, s := range at {
		for i := range 8000 * 10 {
			sound[(s*8000+i)*2+1] += speech[i]
		}
	}
	return sound
}

func TestVoiceFindsRealCalls(t *testing.T) {
	o := Defaults(stereo)
	sound := line(t, 90, 10, 50)
	got := feed(NewVoice(o), stereo, sound, 800)
	if len(got) != 4 || got[0].Kind != Begin || got[1].Kind != End || got[2].Kind != Begin || got[3].Kind != End {
		t.Fatalf("edges %+v, want two calls", got)
	}
	for i, s := range []pcm.Pos{10, 50} {
		begin, end := got[2*i].At-s*8000, got[2*i+1].At-s*8000
		if begin < -8000 || begin > 4000 {
			t.Errorf("call %d begins %d samples from the first word", i, begin)
		}
		if end < 18*8000 || end > 22*8000 {
			t.Errorf("call %d ends %d samples after the first word; speech lasts 10 s and the hang-over 10 s", i, end)
		}
	}
	// Invariant 6, same in, same out: however the sound comes in blocks.
	for _, n := range []int{1, 77, 160, 1600} {
		if again := feed(NewVoice(o), stereo, sound, n); !slices.Equal(again, got) {
			t.Errorf("in blocks of %d: %+v, want %+v", n, again, got)
		}
	}
}

func TestVoiceLooksBackNoFurtherThanItSays(t *testing.T) {
	o := Defaults(stereo)
	back := stereo.Samples(o.Lookback())
	v := NewVoice(o)
	sound := line(t, 60, 5, 35)
	for i := 0; i < len(sound); i += 160 * 2 {
		at := pcm.Pos(i / 2)
		for _, e := range v.Step(&hal.Block{Frame: pcm.Frame{Pos: at, Format: stereo, PCM: sound[i : i+320]}}) {
			if e.At < at-back || e.At > at+160 {
				t.Errorf("%+v found in the block at %d, more than %d later", e, at, back)
			}
		}
	}
}

func TestVoiceHearsNoCallInNoiseAndClicks(t *testing.T) {
	sound := line(t, 60)
	for i := 0; i < len(sound); i += 8000 * 2 * 4 {
		for k := range 200 { // a click of 12 ms every 4 s
			sound[i+k] = 9000
		}
	}
	if got := feed(NewVoice(Defaults(stereo)), stereo, sound, 800); len(got) != 0 {
		t.Errorf("edges %+v in noise and clicks", got)
	}
}

func TestLongCallsGoOnInNewParts(t *testing.T) {
	o := Defaults(stereo)
	o.Maximum = time.Minute
	d := NewWhole(o)
	got := feed(d, stereo, make([]int16, 8000*2*150), 800)
	want := []Edge{{At: 0, Kind: Begin}, {At: 480000, Kind: Split}, {At: 960000, Kind: Split}}
	if !slices.Equal(got, want) {
		t.Errorf("edges %+v, want %+v", got, want)
	}
}

func TestLoopGoesBySignals(t *testing.T) {
	rows := []struct {
		name    string
		signals []hal.Signal
		want    []Edge
	}{
		{"a call", []hal.Signal{
			{At: 90, Kind: hal.FarNumber, Data: []byte("02079460123")},
			{At: 90, Kind: hal.Direction, Data: []byte("in")},
			{At: 100, Kind: hal.LoopClosed},
			{At: 900, Kind: hal.LoopOpen},
		}, []Edge{{At: 100, Kind: Begin, FarNumber: "02079460123", Direction: "in"}, {At: 900, Kind: End}}},
		{"told later", []hal.Signal{
			{At: 100, Kind: hal.LoopClosed},
			{At: 120, Kind: hal.FarNumber, Data: []byte("0207")},
		}, []Edge{{At: 100, Kind: Begin}, {At: 120, Kind: Told, FarNumber: "0207"}}},
		{"told twice", []hal.Signal{
			{At: 100, Kind: hal.LoopClosed},
			{At: 200, Kind: hal.LoopClosed},
			{At: 900, Kind: hal.LoopOpen},
			{At: 950, Kind: hal.LoopOpen},
		}, []Edge{{At: 100, Kind: Begin}, {At: 900, Kind: End}}},
		{"the card is lost", []hal.Signal{
			{At: 100, Kind: hal.LoopClosed},
			{At: 500, Kind: hal.Lost},
			{At: 900, Kind: hal.Back},
			{At: 950, Kind: hal.LoopClosed},
		}, []Edge{{At: 100, Kind: Begin}, {At: 500, Kind: Cut}, {At: 950, Kind: Begin}}},
		{"on hook", []hal.Signal{{At: 5, Kind: hal.LoopOpen}, {At: 6, Kind: hal.Lost}}, nil},
	}
	for _, r := range rows {
		if got := NewLoop(Defaults(stereo)).Step(&hal.Block{Signals: r.signals}); !slices.Equal(got, r.want) {
			t.Errorf("%s: %+v, want %+v", r.name, got, r.want)
		}
	}
}

func TestVoiceEndsItsCallWithTheCard(t *testing.T) {
	v := NewVoice(Defaults(stereo))
	if got := feed(v, stereo, line(t, 15, 3), 800); len(got) != 1 {
		t.Fatalf("edges %+v", got)
	}
	got := v.Step(&hal.Block{Signals: []hal.Signal{{At: 15 * 8000, Kind: hal.Lost}}})
	if len(got) != 1 || got[0].Kind != Cut || got[0].At != 15*8000 {
		t.Errorf("edges %+v", got)
	}
}

// A tone by which the exchange clears ends the call at once, and is no call by itself; what
// the signalling tells of a call is in its edges.
func TestVoiceGoesBySignalsToo(t *testing.T) {
	v := NewVoice(Defaults(stereo))
	sound := line(t, 40, 3, 28)
	var got []Edge
	for i := 0; i < len(sound); i += 1600 {
		b := &hal.Block{Frame: pcm.Frame{Pos: pcm.Pos(i / 2), Format: stereo, PCM: sound[i : i+1600]}}
		switch at := b.Frame.Pos; {
		case at == 8000:
			b.Signals = []hal.Signal{
				{At: at, Kind: hal.Direction, Data: []byte("in")},
				{At: at, Kind: hal.FarNumber, Data: []byte("02079460123")},
			}
		case at >= 9*8000 && at < 14*8000:
			b.Signals = []hal.Signal{{At: at, Kind: hal.Cleared, Data: []byte("busy")}}
		}
		got = append(got, v.Step(b)...)
	}
	if len(got) != 3 || got[0].FarNumber != "02079460123" || got[0].Direction != "in" || got[1].Kind != End || got[1].At != 9*8000 ||
		got[2].At < 27*8000 || got[2].FarNumber != "" {
		t.Errorf("edges %+v", got)
	}
}
