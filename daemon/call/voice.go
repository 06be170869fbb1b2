package call

import (
	"strconv"
	"time"

	"linevault/codec/dsp"
	"linevault/codec/pcm"
	"linevault/hal"
)

// Voice goes by what is heard, on a line that signals nothing: a call begins with sound on
// either leg and is over when both have been silent for the hang-over.
type Voice struct {
	t        tracker
	o        Options
	legs     []*dsp.Voice
	pend     [][]int16 // each leg's samples that do not make a frame yet
	at       pcm.Pos   // of the first sample pending
	frame    int       // samples of one decision
	minimum  pcm.Pos
	hangover pcm.Pos

	first  pcm.Pos // where the activity that may become a call began
	active pcm.Pos // how much activity there was since
	last   pcm.Pos // the end of the last activity
	// Until here sound is the tone by which the exchange cleared a call, and no new call.
	cleared pcm.Pos
}

// afterTone is how long after a tone was last told of, which is in every block while it sounds,
// a sound is still taken for it: longer than the pause in its cadence.
const afterTone = time.Second

// decision is how much sound is judged at once.
const decision = 20 * time.Millisecond

// NewVoice makes a detector that listens. A tone by which the exchange says that the call is over
// ends it at once, where the card tells of tones.
func NewVoice(o Options) *Voice {
	f := o.Format
	v := &Voice{
		t: newTracker(o), o: o,
		frame: int(f.Samples(decision)), minimum: f.Samples(o.Minimum), hangover: f.Samples(o.Hangover),
	}
	for range f.Legs {
		v.legs = append(v.legs, dsp.NewVoice(f.Rate))
		v.pend = append(v.pend, make([]int16, 0, v.frame))
	}
	return v
}

// Step implements Detector.
func (v *Voice) Step(b *hal.Block) []Edge {
	v.t.edges = v.t.edges[:0]
	if len(v.pend[0]) > 0 && b.Frame.Len() > 0 && v.at+pcm.Pos(len(v.pend[0])) != b.Frame.Pos {
		v.forget() // the card lost samples: what was pending has no sequel
	}
	v.t.missed(b.Frame.Pos)
	legs := v.o.Format.Legs
	for from, samples := b.Frame.Pos, b.Frame.PCM; len(samples) >= legs; {
		if len(v.pend[0]) == 0 {
			v.at = from
		}
		n := min(len(samples)/legs, v.frame-len(v.pend[0]))
		for leg := range legs {
			v.pend[leg] = appendLeg(v.pend[leg], samples[leg:], legs, n)
		}
		from, samples = from+pcm.Pos(n), samples[n*legs:]
		if len(v.pend[0]) == v.frame {
			v.judge()
		}
	}
	for _, s := range b.Signals {
		v.t.tell(s)
		switch {
		case s.Kind == hal.Lost:
			if v.t.open {
				v.t.end(s.At, Cut)
			}
			v.active = 0
			v.forget()
		case s.Kind == hal.Cleared:
			if v.t.open {
				v.t.end(max(s.At, b.Frame.Pos), End)
			}
			v.active, v.cleared = 0, s.At+v.o.Format.Samples(afterTone)
		case s.Kind == hal.Ringing:
			v.ring(s.At, b)
		case s.Kind == hal.Lifted:
			v.lift(s)
		}
	}
	return v.t.edges
}

// forget drops what is pending.
func (v *Voice) forget() {
	for i := range v.pend {
		clear(v.pend[i])
		v.pend[i] = v.pend[i][:0]
	}
}

// appendLeg appends n samples of a leg, of which each legs-th of samples is one. There is room.
func appendLeg(pend, samples []int16, legs, n int) []int16 {
	at := len(pend)
	pend = pend[:at+n]
	for i, k := at, 0; i < len(pend); i, k = i+1, k+legs {
		pend[i] = samples[k]
	}
	return pend
}

// afterRing is how long after ringing was last told of a sound is still taken for it: longer than a
// block, and than the pause within a double ring.
const afterRing = 500 * time.Millisecond

// ring takes note of ringing: the receiver is down, so a call that still lingers is over, and ringing
// itself is no call.
func (v *Voice) ring(at pcm.Pos, b *hal.Block) {
	if v.t.open {
		v.t.end(max(at, b.Frame.Pos), End)
		v.t.tell(hal.Signal{At: at, Kind: hal.Ringing})
	}
	v.active, v.cleared = 0, b.Frame.Span().To+v.o.Format.Samples(afterRing)
}

// lift begins a call where the receiver was lifted, on a line where that is heard. A call that lingers,
// because it has been silent for less than the hang-over, is over then.
func (v *Voice) lift(s hal.Signal) {
	ago, err := strconv.ParseInt(string(s.Data), 10, 64)
	if err != nil || ago < 0 {
		return
	}
	at := s.At - min(pcm.Pos(ago), v.o.Format.Samples(v.o.Lookback()))
	if v.t.open {
		if at-v.t.since < v.o.Format.Samples(lingers) {
			return // it is this call's own beginning
		}
		v.t.end(at, End)
	}
	v.t.begin(at)
	v.last, v.active = s.At, 0
}

// lingers is how long a call has begun at least before the receiver is lifted for the next.
const lingers = 2 * time.Second

// judge decides on the frame that is pending, and empties it.
func (v *Voice) judge() {
	heard := false
	for i, l := range v.legs {
		heard = l.Step(v.pend[i]) || heard
	}
	v.forget()
	end := v.at + pcm.Pos(v.frame)
	switch {
	case v.t.open && heard:
		v.last = end
	case v.t.open && end-v.last >= v.hangover:
		v.t.end(end, End)
		v.active = 0
	case !v.t.open && heard && v.at >= v.cleared:
		if v.active == 0 || v.at-v.first > 2*v.minimum {
			v.first, v.active = v.at, 0 // what was heard before was too little to be a call
		}
		v.active += pcm.Pos(v.frame)
		if v.active >= v.minimum {
			v.t.begin(v.first - v.o.Format.Samples(v.o.Lead))
			v.last = end
		}
	}
	v.t.split(end)
}
