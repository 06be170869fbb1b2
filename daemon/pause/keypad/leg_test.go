package keypad

import (
	"testing"
	"time"

	"linevault/codec/pcm"
)

// A digit counts once, on the leg on which it is louder, also when it leaks into the other.
func TestPressedOnItsLeg(t *testing.T) {
	for _, rate := range []int{8000, 16000} {
		for leg := range 2 {
			for _, leak := range []float64{0, 0.1, 0.7} {
				s := newTape(rate, 2, 3*time.Second)
				s.dial(leg, "1239", 500*time.Millisecond, 3000)
				if leak > 0 {
					s.dial(1-leg, "1239", 502*time.Millisecond, 3000*leak)
				}
				var n [pcm.MaxLegs]int
				for _, e := range s.heard(t, New(s.format, Codes{}), 100*time.Millisecond) {
					if e.Kind == Pressed {
						n[e.Leg]++
					}
				}
				if n[leg] != 4 || n[1-leg] != 0 {
					t.Errorf("4 digits on leg %d, %.0f %% of them on the other, at %d Hz: %v", leg, 100*leak, rate, n)
				}
			}
		}
	}
}
