package storage

import (
	"slices"

	"linevault/codec"
	"linevault/codec/ogg"
	"linevault/codec/pcm"
)

// gapRun is run as a gap that is like g.
func gapRun(run Run, g Gap) Run {
	g.Span = run.Span
	return Run{Part: run.Part, Box: run.Box, Span: run.Span, Gap: &g}
}

// withhold replaces what late spans cover by gaps: a pause that came when its sound had been
// kept already. A packet that a span touches is withheld whole. A box that cannot be read to
// find where its packets end is withheld, too.
func (p *Playback) withhold() {
	for _, l := range p.late {
		for i := 0; i < len(p.runs); i++ {
			run := p.runs[i]
			if run.Gap != nil || run.Span.Intersect(l.Span).Empty() {
				continue
			}
			split, err := p.split(run, l)
			if err != nil {
				split = []Run{gapRun(run, l)}
			}
			p.runs = slices.Replace(p.runs, i, i+1, split...)
			i += len(split) - 1
		}
	}
}

// split cuts a run where packets that l touches begin and end.
func (p *Playback) split(run Run, l Gap) ([]Run, error) {
	var out []Run
	var sizes [pcm.MaxLegs]int
	instant := 0
	err := p.sound(run, func(k codec.Packet) error {
		sizes[k.Leg] = len(k.Data)
		if int(k.Leg) != p.format.Legs-1 {
			return nil
		}
		touched := !k.Span.Intersect(l.Span).Empty()
		n := len(out) - 1
		// A packet without a sample of its own goes with those before it.
		if n < 0 || (!k.Span.Empty() && touched != (out[n].Gap != nil)) {
			r := Run{
				Part: run.Part, Box: run.Box, Span: pcm.Span{From: k.Span.From, To: k.Span.From},
				ordinal: run.ordinal, skip: run.skip + instant, Restart: run.Restart && instant == 0,
			}
			if touched {
				g := l
				r.Gap = &g
			}
			out = append(out, r)
			n++
		}
		r := &out[n]
		r.Span.To = k.Span.To
		if r.Gap != nil {
			r.Gap.Span = r.Span
		} else {
			r.Frames++
			r.Raw += packetSamples(k.Data, p.format.Rate)
			r.Cost += ogg.Cost(sizes[:p.format.Legs]...)
		}
		instant++
		return nil
	})
	return out, err
}
