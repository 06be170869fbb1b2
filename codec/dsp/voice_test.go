package dsp_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"linevault/codec/codectest"
	"linevault/codec/dsp"
)

const rate = 8000

// noiseOf makes n samples of a line's noise at a level in dBFS.
func noiseOf(kind string, n int, level float64) []float64 {
	rng := rand.New(rand.NewPCG(11, 12))
	out := make([]float64, n)
	low, slow := 0.0, 0.0
	for i := range out {
		t := 2 * math.Pi * float64(i) / rate
		white := rng.NormFloat64()
		low += (white - low) * 0.2
		slow += (white - slow) * 0.02
		switch kind {
		case "white":
			out[i] = white
		case "pink":
			out[i] = white*0.2 + low + slow*3
		case "hum":
			out[i] = math.Sin(50*t) + 0.5*math.Sin(100*t) + 0.4*math.Sin(150*t) + 0.2*math.Sin(250*t) + 0.1*math.Sin(350*t)
		case "tone":
			out[i] = math.Sin(425 * t)
		}
	}
	var sum float64
	for _, v := range out {
		sum += v * v
	}
	scale := 32768 * math.Pow(10, level/20) / math.Sqrt(sum/float64(n))
	for i := range out {
		out[i] *= scale
	}
	return out
}

func clip(v float64) int16 { return int16(max(-32768, min(32767, v))) }

// blocks runs a detector over s in blocks of 20 ms.
func blocks(s []int16, rate int) []bool {
	v := dsp.NewVoice(rate)
	var out []bool
	for len(s) >= rate/50 {
		out = append(out, v.Step(s[:rate/50]))
		s = s[rate/50:]
	}
	return out
}

// calls is speech with pauses: 3 s of speech, 3 s of nothing, as loud as is usual on the
// telephone, and for each 20 ms whether somebody speaks.
func calls(t *testing.T) (sound []float64, spoken []bool) {
	speech := codectest.Speech(t, 90*rate)[:90*rate]
	const gain = 0.5
	for i := range 30 {
		for _, v := range speech[i*3*rate : (i+1)*3*rate] {
			sound = append(sound, float64(v)*gain)
		}
		sound = append(sound, make([]float64, 3*rate)...)
	}
	for i := 0; i+160 <= len(sound); i += 160 {
		var sum float64
		for _, v := range sound[i : i+160] {
			sum += v * v
		}
		spoken = append(spoken, 10*math.Log10(sum/160/(1<<30)+1e-12) > -40)
	}
	return sound, spoken
}

// TestVoiceOnSpeech: measured shares of the time in which somebody speaks and Voice says so
// (hits), and of the time more than half a second from any speech in which Voice says that
// somebody does (alarms).
func TestVoiceOnSpeech(t *testing.T) {
	sound, spoken := calls(t)
	var loud float64
	n := 0
	for i, said := range spoken {
		for _, v := range sound[i*160 : (i+1)*160] {
			if said {
				loud, n = loud+v*v, n+1
			}
		}
	}
	t.Logf("the speech is at %.1f dBFS", 10*math.Log10(loud/float64(n)/(1<<30)))
	const settle = 6 * 50 // blocks until the noise is known
	for _, c := range []struct {
		noise        string
		level        float64 // dBFS; where somebody speaks the speech is at -22.8
		hits, alarms float64 // as measured
	}{
		{"none", -90, 0.974, 0.0016},
		{"white", -60, 0.976, 0.0016},
		{"white", -50, 0.969, 0},
		{"white", -40, 0.947, 0},
		{"white", -35, 0.937, 0},
		{"white", -30, 0.877, 0},
		{"pink", -50, 0.973, 0.0016},
		{"pink", -40, 0.953, 0},
		{"pink", -30, 0.920, 0},
		{"hum", -40, 0.973, 0.0016},
		{"hum", -25, 0.944, 0},
	} {
		t.Run(fmt.Sprintf("%s%v", c.noise, c.level), func(t *testing.T) {
			noise := noiseOf(c.noise, len(sound), c.level)
			if c.noise == "none" {
				clear(noise)
			}
			mixed := make([]int16, len(sound))
			for i := range mixed {
				mixed[i] = clip(sound[i] + noise[i])
			}
			active := blocks(mixed, rate)
			speaks, hits, quiet, alarms, since := 0, 0, 0, 0, 0
			for i, said := range active {
				if since++; spoken[i] {
					since = 0
				}
				if i < settle {
					continue
				}
				if spoken[i] {
					speaks++
					if said {
						hits++
					}
				}
				if since > 25 {
					quiet++
					if said {
						alarms++
					}
				}
			}
			hit, alarm := float64(hits)/float64(speaks), float64(alarms)/float64(quiet)
			t.Logf("hits %.3f, alarms %.4f", hit, alarm)
			if hit < c.hits-0.01 || alarm > c.alarms+0.002 || quiet < 1000 {
				t.Errorf("hits %.3f of %.3f, alarms %.4f of %.4f", hit, c.hits, alarm, c.alarms)
			}
		})
	}
}

// TestVoiceOnNoise: what a line sounds like when nobody speaks is not speech, from the first
// sample if it is quiet, and in any case after some seconds.
func TestVoiceOnNoise(t *testing.T) {
	for _, c := range []struct {
		noise string
		level float64
		after int // blocks
	}{
		{"white", -60, 0},
		{"white", -55, 0},
		{"pink", -50, 300},
		{"white", -40, 300},
		{"white", -20, 300},
		{"hum", -45, 0},
		{"hum", -20, 300},
		{"tone", -15, 300},
	} {
		noise := noiseOf(c.noise, 120*rate, c.level)
		s := make([]int16, len(noise))
		for i, v := range noise {
			s[i] = clip(v)
		}
		for i, said := range blocks(s, rate) {
			if said && i >= c.after {
				t.Errorf("%s at %v dBFS: speech after %.1f s", c.noise, c.level, float64(i)/50)
				break
			}
		}
	}
	for i, said := range blocks(make([]int16, 60*rate), rate) {
		if said {
			t.Fatalf("silence: speech after %.1f s", float64(i)/50)
		}
	}
}

// TestVoiceIsPrompt: 60 ms to begin, 300 ms to end, and a click is nothing.
func TestVoiceIsPrompt(t *testing.T) {
	noise := noiseOf("white", 10*rate, -60)
	tone := noiseOf("tone", 10*rate, -25)
	s := make([]int16, 10*rate)
	for i := range s {
		v := noise[i]
		if i >= 6*rate && i < 8*rate || i >= 3*rate && i < 3*rate+200 {
			v += tone[i]
		}
		s[i] = clip(v)
	}
	begins, ends := -1, -1
	for i, said := range blocks(s, rate) {
		if said && begins < 0 {
			begins = i
		}
		if said {
			ends = i + 1
		}
	}
	if begins != 6*50+2 || ends < 8*50+10 || ends > 8*50+15 {
		t.Errorf("from block %d to %d", begins, ends)
	}
}

// TestVoiceFramesDoNotMatter: pieces of any size give the same answers at the same places.
func TestVoiceFramesDoNotMatter(t *testing.T) {
	speech := codectest.Speech(t, 20*rate)[:20*rate]
	want := blocks(speech, rate)
	rng := rand.New(rand.NewPCG(1, 1))
	v := dsp.NewVoice(rate)
	for at := 0; at < len(speech); {
		n := min(len(speech)-at, rng.IntN(400))
		got := v.Step(speech[at : at+n])
		at += n
		if i := at / 160; i > 0 && got != want[i-1] {
			t.Fatalf("at %d: %v", at, got)
		}
	}
}

// TestVoiceAt16k: the same sound at twice the rate is heard the same.
func TestVoiceAt16k(t *testing.T) {
	speech := codectest.Speech(t, 20*rate)[:20*rate]
	var fine []int16
	for i, v := range speech {
		fine = append(fine, v, int16((int(v)+int(speech[min(i+1, len(speech)-1)]))/2))
	}
	a, b := blocks(speech, rate), blocks(fine, 2*rate)
	differ := 0
	for i := range a {
		if a[i] != b[i] {
			differ++
		}
	}
	if differ > len(a)/50 {
		t.Errorf("%d of %d blocks differ", differ, len(a))
	}
}

// One operation is a second of one leg.
func BenchmarkVoice(b *testing.B) {
	noise := noiseOf("pink", rate, -30)
	s := make([]int16, rate)
	for i, v := range noise {
		s[i] = clip(v)
	}
	v := dsp.NewVoice(rate)
	b.ReportAllocs()
	for b.Loop() {
		for at := 0; at < rate; at += 1000 {
			v.Step(s[at : at+1000])
		}
	}
}
