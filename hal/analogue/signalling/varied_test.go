package signalling

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"linevault/codec/g711"
	"linevault/codec/pcm"
	"linevault/codec/wav"
)

// variations are what lines and cards do to the vectors. Those that take away level or add noise
// skip the files at the edge of what is asked for.
var variations = []struct {
	name string
	skip []string // parts of file names
	do   func(p []int16) []int16
}{
	{"A-law", nil, func(p []int16) []int16 {
		coded := make([]byte, len(p))
		g711.EncodeA(coded, p)
		out := make([]int16, len(p))
		g711.DecodeA(out, coded)
		return out
	}},
	{"wires crossed", nil, func(p []int16) []int16 { return each(p, func(v float64) float64 { return -v }) }},
	{"DC offset", []string{"l03"}, func(p []int16) []int16 { return each(p, func(v float64) float64 { return v + 60 }) }},
	{"4 dB weaker", []string{"l03", "l33", "quiet"}, func(p []int16) []int16 { return each(p, func(v float64) float64 { return v * 0.63 }) }},
	{"6 dB louder", []string{"l03"}, func(p []int16) []int16 { return each(p, func(v float64) float64 { return v * 2 }) }},
	{"card 0.5 % fast", []string{"l03"}, func(p []int16) []int16 { return stretch(p, 0.995) }},
	{"card 0.5 % slow", []string{"l03"}, func(p []int16) []int16 { return stretch(p, 1.005) }},
	{"noise at -55 dBm0", []string{"l33", "quiet"}, func(p []int16) []int16 {
		r := rand.New(rand.NewPCG(5, 5))
		return each(p, func(v float64) float64 { return v + 29*r.NormFloat64() })
	}},
	{"begun 2 ms later", nil, func(p []int16) []int16 { return p[17:] }},
}

func each(p []int16, f func(float64) float64) []int16 {
	out := make([]int16, len(p))
	for i, v := range p {
		out[i] = int16(min(max(f(float64(v)), -32768), 32767))
	}
	return out
}

func stretch(p []int16, by float64) (out []int16) {
	for at := 0.; int(at)+1 < len(p); at += 1 / by {
		i := int(at)
		out = append(out, int16(float64(p[i])+(at-float64(i))*float64(int(p[i+1])-int(p[i]))))
	}
	return out
}

func TestVectorsVaried(t *testing.T) {
	for _, c := range truths(t) {
		if beyond[c.File] {
			continue
		}
		p := samplesOf(t, filepath.Join(*vectors, c.File))
	next:
		for _, v := range variations {
			for _, s := range v.skip {
				if strings.Contains(c.File, s) {
					continue next
				}
			}
			q := append(v.do(p), make([]int16, 1600)...)
			var got seen
			l, err := NewLine(format)
			if err != nil {
				t.Fatal(err)
			}
			l.Step(pcm.Frame{Format: format, PCM: q}, func(e Event) {
				switch e.Kind {
				case Digit:
					got.digits += e.Value
				case Tone:
					got.tones = append(got.tones, e.Value)
				case Caller:
					got.calls = append(got.calls, string(e.Caller.Number)+"|"+e.Caller.Name+"|"+string(e.Caller.Presentation))
				}
			})
			if want := c.want(); !got.equal(want) {
				t.Errorf("%s, %s: heard %+v, want %+v", c.File, v.name, got, want)
			}
		}
	}
}

func samplesOf(t *testing.T, file string) []int16 {
	t.Helper()
	p, _, err := wav.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
