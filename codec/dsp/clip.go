package dsp

import "linevault/codec/pcm"

const (
	// clip is nearly full scale: A-law's largest sample is 32256.
	clip = 32000
	// clips is how many samples there may be of that in a frame: speech may touch it.
	clips = 3
)

// Clips reports whether one leg of f is too loud for its samples.
func Clips(f pcm.Frame, leg pcm.Leg) bool {
	n := 0
	for i := int(leg); i < len(f.PCM); i += f.Format.Legs {
		if v := f.PCM[i]; v >= clip || v <= -clip {
			n++
		}
	}
	return n > clips
}
