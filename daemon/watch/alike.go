package watch

import (
	"math"
	"slices"
)

// alike is how much of the newest samples of two legs is the same sound, at the best of all shifts: 1 is all.
func (e *Ear) alike(o *Ear, i, k int) float64 {
	if e.format.Rate != o.format.Rate {
		return 0
	}
	rate := e.format.Rate
	x, endX := e.samples(i)
	y, endY := o.samples(k)
	// The end of each was at the end of its newest block.
	reach := 2 * shift * rate / blocks
	n := min(len(x), len(y)) - 2*reach - int(math.Abs(float64(endX-endY)))*rate/blocks
	if n < rate {
		return 0
	}
	n = min(n, 2*rate)
	x = x[len(x)-reach-n-int(max(0, endX-endY))*rate/blocks:][:n]
	from := len(y) - reach - n - int(max(0, endY-endX))*rate/blocks
	// First by one sample in four: that is enough to tell where they might fit.
	slowX, slowY := slow(x), slow(y[from-reach:][:n+2*reach])
	best, at := 0.0, 0
	for d := range len(slowY) - len(slowX) {
		if c := correlation(slowX, slowY[d:][:len(slowX)]); c > best {
			best, at = c, slowness*d-reach
		}
	}
	best = 0
	for d := max(-reach, at-slowness); d <= min(reach, at+slowness); d++ {
		best = max(best, correlation(x, y[from+d:][:n]))
	}
	return best
}

// slowness is how many samples slow takes for one.
const slowness = 4

// slow is x at a quarter of its rate.
func slow(x []int16) []int16 {
	out := make([]int16, len(x)/slowness)
	for i := range out {
		sum := int32(0)
		for _, v := range x[slowness*i:][:slowness] {
			sum += int32(v)
		}
		out[i] = int16(sum / slowness)
	}
	return out
}

// samples is a copy of a leg's newest samples, and the slot in which they end.
func (e *Ear) samples(i int) ([]int16, int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := e.legs[i]
	if l.filled < len(l.raw) {
		return nil, 0
	}
	end := l.next - e.fill // complete blocks only
	if end < 0 {
		end += len(l.raw)
	}
	out := append(slices.Clone(l.raw[end:]), l.raw[:end]...)
	return out[e.fill:], l.newest
}

func correlation(x, y []int16) float64 {
	var xy, xx, yy float64
	for i, v := range x {
		a, b := float64(v), float64(y[i])
		xy += a * b
		xx += a * a
		yy += b * b
	}
	if xx == 0 || yy == 0 {
		return 0
	}
	return math.Abs(xy) / math.Sqrt(xx*yy)
}
