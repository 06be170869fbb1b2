package demo

import (
	"math"
	"math/rand/v2"

	"linevault/codec/pcm"
)

// rate is the telephone's; every demonstration call has two legs at it.
const rate = 8000

var format = pcm.Format{Rate: rate, Legs: pcm.MaxLegs}

// sound is samples of one leg, full scale at 1.
type sound []float64

// amplitude is what an RMS level in dBFS is as a part of full scale.
func amplitude(dBFS float64) float64 { return math.Pow(10, dBFS/20) }

// add mixes s into t at sample at, making t longer where it must be.
func (t *sound) add(at int, s sound) {
	for len(*t) < at+len(s) {
		*t = append(*t, 0)
	}
	for i, v := range s {
		(*t)[at+i] += v
	}
}

// resample converts in from one rate to another by a windowed sinc, keeping what is below
// 3.4 kHz as a telephone line does.
func resample(in []int16, from, to float64) sound {
	const wings, fine = 16, 64                  // zero crossings on each side, and table entries per input sample
	cut := min(3400, 0.45*from, 0.45*to) / from // of the input's rate
	reach := wings / (2 * cut)
	table := make([]float64, int(reach*fine)+2)
	for i := range table {
		x := float64(i) / fine
		table[i] = 2 * cut * sinc(2*cut*x) * (0.5 + 0.5*math.Cos(math.Pi*min(1, x/reach)))
	}
	step := from / to
	out := make(sound, int(float64(len(in))/step))
	for i := range out {
		centre := float64(i) * step
		var sum float64
		for j := max(0, int(math.Ceil(centre-reach))); j < len(in) && float64(j) <= centre+reach; j++ {
			sum += float64(in[j]) * table[int(math.Abs(float64(j)-centre)*fine+0.5)]
		}
		out[i] = sum / 32768
	}
	return out
}

func sinc(x float64) float64 {
	if x == 0 {
		return 1
	}
	return math.Sin(math.Pi*x) / (math.Pi * x)
}

// highPass takes away what a telephone line does not carry below 300 Hz (second order,
// Butterworth).
func (t sound) highPass() {
	w := 2 * math.Pi * 300 / rate
	alpha := math.Sin(w) / math.Sqrt2
	b, a0 := (1+math.Cos(w))/2, 1+alpha
	a1, a2 := -2*math.Cos(w), 1-alpha
	var x1, x2, y1, y2 float64
	for i, x := range t {
		y := (b*x - 2*b*x1 + b*x2 - a1*y1 - a2*y2) / a0
		x1, x2, y1, y2 = x, x1, y, y1
		t[i] = y
	}
}

// level brings t to dBFS, measured where there is speech: over the 20 ms stretches that are
// within 20 dB of the loudest of them.
func (t sound) level(dBFS float64) {
	active := activeRMS(t)
	if active == 0 {
		return
	}
	gain := amplitude(dBFS) / active
	for i := range t {
		t[i] *= gain
	}
}

func activeRMS(t sound) float64 {
	const stretch = rate / 50
	var powers []float64
	var loudest float64
	for ; len(t) >= stretch; t = t[stretch:] {
		var sum float64
		for _, v := range t[:stretch] {
			sum += v * v
		}
		powers = append(powers, sum/stretch)
		loudest = max(loudest, sum/stretch)
	}
	var sum float64
	n := 0
	for _, p := range powers {
		if p >= loudest/100 {
			sum, n = sum+p, n+1
		}
	}
	if n == 0 {
		return 0
	}
	return math.Sqrt(sum / float64(n))
}

// tone is n samples of equally loud sines, together at dBFS, with edges of 5 ms that do not click.
func tone(n int, dBFS float64, hertz ...float64) sound {
	const edge = rate / 200
	t := make(sound, n)
	peak := amplitude(dBFS) * math.Sqrt2 / math.Sqrt(float64(len(hertz)))
	for i := range t {
		gain := min(1, float64(i)/edge, float64(n-1-i)/edge) * peak
		for _, f := range hertz {
			t[i] += gain * math.Sin(2*math.Pi*f*float64(i)/rate)
		}
	}
	return t
}

// ringing is the United Kingdom's ringing tone, once round its cadence of three seconds.
func ringing() sound {
	var t sound
	burst := tone(0.4*rate, -24, 400, 450)
	t.add(0, burst)
	t.add(0.6*rate, burst)
	t.add(3*rate, nil)
	return t
}

// keypad has the keys of a telephone, row by row (ITU-T Q.23).
const keypad = "123456789*0#"

// pressed is the sound of keys pressed one after another, some six in a second.
func pressed(keys string) sound {
	rows, columns := []float64{697, 770, 852, 941}, []float64{1209, 1336, 1477}
	var t sound
	for _, k := range keys {
		for i, key := range keypad {
			if k == key {
				t.add(len(t), tone(0.09*rate, -14, rows[i/3], columns[i%3]))
				t.add(len(t)+0.08*rate, nil)
			}
		}
	}
	return t
}

// line is what is heard on a leg when nobody speaks: noise and mains hum for n samples.
func (p Party) line(n int, r *rand.Rand) sound {
	t := make(sound, n)
	noise, hum := amplitude(p.Noise), 0.0
	if p.Hum != 0 {
		hum = amplitude(p.Hum) * math.Sqrt2
	}
	for i := range t {
		w := 2 * math.Pi * 50 * float64(i) / rate
		t[i] = noise*r.NormFloat64() +
			hum*(0.9*math.Sin(w)+0.35*math.Sin(2*w)+0.25*math.Sin(3*w))
	}
	return t
}

// sample rounds v to 16 bits; what would clip is bent, as a line amplifier bends it.
func sample(v float64) int16 {
	const knee = 0.7
	if a := math.Abs(v); a > knee {
		v = math.Copysign(knee+(1-knee)*math.Tanh((a-knee)/(1-knee)), v)
	}
	return int16(math.Round(v * math.MaxInt16))
}
