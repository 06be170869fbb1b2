package sound

import (
	"linevault/codec/ogg"
	"linevault/codec/opus"
	"linevault/codec/pcm"
	"linevault/storage"
)

const (
	// chunkSeconds is about how much sound a page has: four or five boxes.
	chunkSeconds = 5
	// splitFrames is how many instants fit a page whatever they hold: each takes at most
	// 2*1276 bytes and their framing, which is 11 lacing values.
	splitFrames = ogg.MaxSegments / 11
)

// chunk is a stretch of the file that is made at once: one page, but for runs that no page
// can hold.
type chunk struct {
	offset   int64   // of its first byte in the file
	size     int64   // bytes
	at       pcm.Pos // samples that everything before it decodes to
	raw      pcm.Pos // samples that it decodes to
	sequence uint32  // of its first page
	pages    int
	// Sound: runs first..last-1. A gap: packets first..last-1 of the plan.
	first, last int
	fill        *plan
}

// layout is where everything is in the file. It is computed from the runs alone.
type layout struct {
	format pcm.Format
	fill   *filler
	runs   []storage.Run
	chunks []chunk
	end    pcm.Pos // where playing ends, look-ahead included
}

// arrange lays runs out behind header bytes.
//
// A sample at offset d of the call is due at sample d of what is played, that is at
// look-ahead + d of what is decoded. A gap is filled up to where the run after it is due, to
// the nearest 2.5 ms. Because every place is counted from the beginning of the call, what is
// rounded away, and the padding at a break, never add up. Only where sound follows a break in
// less time than the padding and the look-ahead take, 16.5 ms at the most, is it played later
// by what is missing, until a gap makes up for it.
func arrange(f pcm.Format, fill *filler, runs []storage.Run, header int64) *layout {
	l := &layout{format: f, fill: fill, runs: runs}
	ahead := opus.Lookahead(f.Rate)
	all := span(runs)
	var at, heard pcm.Pos // samples decoded so far; where the last real one ends
	for i := 0; i < len(runs); {
		if r := runs[i]; r.Gap != nil {
			due := ahead + r.Span.To - all.From
			if i+1 < len(runs) && runs[i+1].Restart {
				due -= ahead // which the next run brings itself
			}
			n := due - at
			if i+1 == len(runs) {
				n += fill.unit() / 2 // up, lest the end be missing
				heard = due
			}
			at += l.addGap(at, n, hasTones(f, r.Span.Len()))
			heard = min(heard, at)
			i++
			continue
		}
		j := l.group(i)
		l.addSound(at, i, j)
		for ; i < j; i++ {
			heard = at + runs[i].Span.Len()
			if runs[i].Restart {
				heard += ahead
			}
			at += runs[i].Raw
			heard = min(heard, at)
		}
	}
	if len(l.chunks) == 0 {
		l.addGap(0, ahead+fill.unit(), withoutTones) // a stream has at least one packet
		heard = ahead
	}
	l.end = max(heard, l.chunks[len(l.chunks)-1].at)
	l.place(header)
	return l
}

// group is the end of the runs from i on that share a page.
func (l *layout) group(i int) int {
	frames, cost, raw := 0, 0, pcm.Pos(0)
	first := i
	for ; i < len(l.runs) && l.runs[i].Gap == nil; i++ {
		r := l.runs[i]
		frames, cost, raw = frames+r.Frames, cost+r.Cost, raw+r.Raw
		full := frames+cost/255 > ogg.MaxSegments || raw > chunkSeconds*pcm.Pos(l.format.Rate)
		if full && i > first {
			return i
		}
	}
	return i
}

// addSound adds the chunk of runs i to j-1.
func (l *layout) addSound(at pcm.Pos, i, j int) {
	c := chunk{at: at, first: i, last: j, pages: 1}
	frames, cost := 0, 0
	for _, r := range l.runs[i:j] {
		c.raw += r.Raw
		frames, cost = frames+r.Frames, cost+r.Cost
	}
	if frames+cost/255 > ogg.MaxSegments {
		c.pages = (frames + splitFrames - 1) / splitFrames
	}
	c.size = int64(cost + c.pages*ogg.PageOverhead)
	l.chunks = append(l.chunks, c)
}

// addGap adds the chunks of a gap of n samples, or of the nearest that packets can have.
func (l *layout) addGap(at, n pcm.Pos, tones bool) (raw pcm.Pos) {
	unit := l.fill.unit()
	if n = (n + unit/2) / unit * unit; n <= 0 {
		return 0
	}
	p := l.fill.plan(n, tones)
	limit := chunkSeconds * pcm.Pos(l.format.Rate)
	for i := 0; i < p.len(); {
		c := chunk{at: at + raw, first: i, pages: 1, fill: &p, size: ogg.PageOverhead}
		for ; i < p.len() && c.raw+p.at(i).raw <= limit; i++ {
			c.raw += p.at(i).raw
			c.size += int64(ogg.Cost(len(p.at(i).data)))
		}
		c.last = i
		raw += c.raw
		l.chunks = append(l.chunks, c)
	}
	return raw
}

// place gives each chunk its offset and its pages their numbers.
func (l *layout) place(offset int64) {
	sequence := uint32(ogg.HeaderPages)
	for i := range l.chunks {
		c := &l.chunks[i]
		c.offset, c.sequence = offset, sequence
		offset += c.size
		sequence += uint32(c.pages)
	}
}

// size is how long the file is.
func (l *layout) size() int64 {
	c := l.chunks[len(l.chunks)-1]
	return c.offset + c.size
}
