package call

import (
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
)

// A line on which ringing and the receiver are heard: a call begins where it is lifted, not where
// somebody speaks, ringing itself is none, and both end one that lingers.
func TestVoiceWithRingingAndReceiver(t *testing.T) {
	f := pcm.Format{Rate: 8000, Legs: 1}
	block := func(at time.Duration, signals ...hal.Signal) *hal.Block {
		b := &hal.Block{Frame: pcm.Frame{Epoch: 1, Pos: f.Samples(at), Format: f, PCM: make([]int16, 800)}}
		for _, s := range signals {
			s.At = b.Frame.Pos
			b.Signals = append(b.Signals, s)
		}
		return b
	}
	ringing := hal.Signal{Kind: hal.Ringing, Data: []byte("burst")}
	lifted := hal.Signal{Kind: hal.Lifted, Data: []byte("1600")}
	v := NewVoice(Defaults(f))
	var edges []Edge
	for at := time.Duration(0); at < 60*time.Second; at += 100 * time.Millisecond {
		var b *hal.Block
		switch at {
		case 5 * time.Second:
			b = block(at, ringing)
		case 8 * time.Second:
			b = block(at, lifted)
		case 12 * time.Second: // before the hang-over is up
			b = block(at, lifted, hal.Signal{Kind: hal.Direction, Data: []byte("out")})
		case 15 * time.Second:
			b = block(at, ringing)
		default:
			b = block(at)
		}
		edges = append(edges, v.Step(b)...)
	}
	s := func(seconds float64) pcm.Pos { return pcm.Pos(seconds * 8000) }
	want := []Edge{
		{At: s(7.8), Kind: Begin, Direction: "in"},
		{At: s(11.8), Kind: End, Direction: ""},
		{At: s(11.8), Kind: Begin},
		{At: s(12), Kind: Told, Direction: "out"},
		{At: s(15), Kind: End},
	}
	for i, e := range edges {
		if i < len(want) && (e.At != want[i].At || e.Kind != want[i].Kind || e.Direction != want[i].Direction) {
			t.Errorf("edge %d is %+v, want %+v", i, e, want[i])
		}
	}
	if len(edges) < len(want) || len(edges) > len(want)+1 || len(edges) > len(want) && edges[len(want)].Kind != Missed {
		t.Errorf("edges %+v", edges)
	}
}
