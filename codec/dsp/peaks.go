package dsp

import "linevault/codec/pcm"

// PeaksPerSecond is how many bins of a waveform a second has.
const PeaksPerSecond = 10

// Peaks makes the waveform that a player draws: for each leg and each 100 ms of the line's
// clock the largest sample, in 8 bits. Bin n holds positions from n*Rate/10 on. (A store keeps 16 heights of them.)
type Peaks struct {
	format pcm.Format
	size   pcm.Pos
	bin    int64
	open   bool // bin has sound
	top    [pcm.MaxLegs]int
}

// NewPeaks makes peaks of frames of format f.
func NewPeaks(f pcm.Format) *Peaks {
	return &Peaks{format: f, size: pcm.Pos(f.Rate / PeaksPerSecond)}
}

// Add takes in f, and emits the bins that end with it. Frames come in the order of their
// positions; there may be holes between them. Bins without sound are not emitted.
func (p *Peaks) Add(f pcm.Frame, emit func(leg pcm.Leg, bin int64, v uint8)) {
	for f.Len() > 0 {
		bin := floor(f.Pos, p.size)
		if p.open && bin != p.bin {
			p.Flush(emit)
		}
		p.open, p.bin = true, bin
		n := min(f.Len(), pcm.Pos(bin+1)*p.size-f.Pos)
		p.raise(f.PCM[:n*pcm.Pos(f.Format.Legs)])
		f.PCM, f.Pos = f.PCM[n*pcm.Pos(f.Format.Legs):], f.Pos+n
	}
}

// Flush emits the bin that is not complete. If more sound of it follows, the bin is emitted
// again: the larger value holds.
func (p *Peaks) Flush(emit func(leg pcm.Leg, bin int64, v uint8)) {
	if !p.open {
		return
	}
	p.open = false
	for leg := range p.format.Legs {
		emit(pcm.Leg(leg), p.bin, uint8(min(255, p.top[leg]>>7)))
		p.top[leg] = 0
	}
}

// raise takes in interleaved samples of the open bin.
func (p *Peaks) raise(samples []int16) {
	if p.format.Legs == 1 {
		p.top[0] = max(p.top[0], peak(samples))
		return
	}
	low, high := [pcm.MaxLegs]int16{}, [pcm.MaxLegs]int16{}
	for i := 0; i+1 < len(samples); i += 2 {
		near, far := samples[i], samples[i+1]
		low[0], high[0] = min(low[0], near), max(high[0], near)
		low[1], high[1] = min(low[1], far), max(high[1], far)
	}
	for leg := range low {
		p.top[leg] = max(p.top[leg], int(high[leg]), -int(low[leg]))
	}
}

func peak(samples []int16) int {
	var low, high int16
	for _, v := range samples {
		low, high = min(low, v), max(high, v)
	}
	return max(int(high), -int(low))
}

// floor is p/size, rounded down.
func floor(p, size pcm.Pos) int64 {
	q := p / size
	if p%size < 0 {
		q--
	}
	return int64(q)
}
