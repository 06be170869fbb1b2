package dtmf

import (
	"testing"

	"linevault/codec/dsp/internal/linetest"
)

func digits(pcm []int16) (s string) {
	d := New()
	for len(pcm) > 0 {
		n := min(160, len(pcm))
		d.Step(pcm[:n], func(g Digit) { s += string(g.Symbol) })
		pcm = pcm[n:]
	}
	return s
}

func TestTalkOff(t *testing.T) {
	speeds := []float64{1, 0.8, 0.9, 1.1, 1.25}
	var seconds float64
	n := 0
	linetest.Speech(t, func(file string, pcm []int16) {
		for _, speed := range speeds {
			p := pcm
			if speed != 1 {
				p = linetest.Resample(pcm, speed)
			}
			seconds += float64(len(p)) / linetest.Rate
			if s := digits(p); s != "" {
				n += len(s)
				t.Logf("%s at speed %g: %q", file, speed, s)
			}
		}
	})
	t.Logf("%d false digits in %.2f hours of speech", n, seconds/3600)
}
