// Package dsp measures sound: how loud it is, whether somebody speaks, and what it looks like
// as a waveform.
package dsp

import (
	"math"

	"linevault/codec/pcm"
)

// Floor is what Level says of silence.
const Floor = -90

// fullScale is the square of the largest sample: 0 dBFS is the loudest square wave, and the
// loudest sine is at -3.
const fullScale = 1 << 30

// Level is the root mean square of samples in dBFS, no less than Floor.
func Level(samples []int16) float64 {
	var sum int64
	for _, v := range samples {
		sum += int64(v) * int64(v)
	}
	return decibels(sum, len(samples))
}

// LevelOf is the level of one leg of f.
func LevelOf(f pcm.Frame, leg pcm.Leg) float64 {
	if f.Format.Legs == 1 {
		return Level(f.PCM)
	}
	var sum int64
	for i := int(leg); i < len(f.PCM); i += f.Format.Legs {
		sum += int64(f.PCM[i]) * int64(f.PCM[i])
	}
	return decibels(sum, len(f.PCM)/f.Format.Legs)
}

func decibels(sum int64, n int) float64 {
	if sum == 0 {
		return Floor
	}
	return max(Floor, 10*math.Log10(float64(sum)/float64(n)/fullScale))
}
