package signalling

import "math"

// halver brings 16 kHz down to 8 kHz. Its filter passes up to 3 kHz, where the highest tone of
// caller identity lies, and keeps what would fold onto the tones 40 dB down.
type halver struct {
	past [halverTaps - 1]float32
	odd  bool // the next sample is one that is dropped
}

const halverTaps = 27

// halverHalf is a half-band low-pass: every second tap but the middle one is zero. These are
// the others, outwards from the middle, which is 0.5.
var halverHalf = func() (h [(halverTaps + 1) / 4]float32) {
	for i := range h {
		x := float64(2*i + 1)
		w := 0.54 + 0.46*math.Cos(math.Pi*x/(halverTaps/2+1))
		h[i] = float32(w * math.Sin(math.Pi*x/2) / (math.Pi * x))
	}
	return h
}()

// halve overwrites m, of at most 160 samples, with its samples at half the rate.
func (h *halver) halve(m []int16) []int16 {
	var x [halverTaps - 1 + 160]float32
	n := copy(x[:], h.past[:])
	for i, v := range m {
		x[n+i] = float32(v)
	}
	copy(h.past[:], x[len(m):])
	const middle = halverTaps / 2
	out := 0
	for i := range m {
		if h.odd = !h.odd; !h.odd {
			continue
		}
		v := 0.5 * x[i+middle]
		for k, c := range halverHalf {
			v += c * (x[i+middle-2*k-1] + x[i+middle+2*k+1])
		}
		m[out] = int16(min(max(v, math.MinInt16), math.MaxInt16))
		out++
	}
	return m[:out]
}
