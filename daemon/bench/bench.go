// Package bench measures what the way of a sample costs, always as a ratio to a yardstick
// that is run on the same sound in the same run.
package bench

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"linevault/codec/pcm"
	"linevault/codec/wav"
	"linevault/hal"
)

// format is a line with both parties apart, as most will be.
var format = pcm.Format{Rate: 8000, Legs: 2}

// Material is seconds of two-sided speech made of the recorded prompts in folders that match
// pattern: the parties take turns, and a quiet line hums while one listens.
func Material(pattern string, seconds int) ([]int16, error) {
	names, err := filepath.Glob(pattern)
	if err != nil {
		return nil, err
	}
	slices.Sort(names)
	sound := make([]int16, seconds*format.Rate*format.Legs)
	for i := range sound {
		sound[i] = int16(i*7919%23) - 11 // about -73 dBFS
	}
	at, leg := 0, 0
	for _, name := range names {
		if info, err := os.Stat(name); err != nil || info.Size() < 30000 {
			continue
		}
		prompt, _, err := wav.ReadFile(name)
		if err != nil {
			return nil, err
		}
		for i, s := range prompt {
			k := (at+i)*format.Legs + leg
			if k >= len(sound) {
				return sound, nil
			}
			sound[k] = s
		}
		at += len(prompt) + format.Rate/2
		leg = 1 - leg
	}
	return nil, fmt.Errorf("%s: too little recorded speech: install asterisk-core-sounds-en-wav", pattern)
}

// tape is a line that plays the material, from a place of its own on and round and round,
// always 100 ms at a read and never by the clock.
type tape struct {
	id    pcm.LineID
	sound []int16
	at    int // index into sound
	pos   pcm.Pos
	ended bool
}

func (t *tape) ID() pcm.LineID     { return t.id }
func (t *tape) Format() pcm.Format { return format }

func (t *tape) Read(b *hal.Block) error {
	if t.ended {
		return io.EOF
	}
	b.Reset()
	n := format.Rate / 10
	if t.at+n*format.Legs > len(t.sound) {
		t.at = 0
	}
	b.Frame = pcm.Frame{Epoch: 1, Pos: t.pos, Format: format, PCM: append(b.Frame.PCM, t.sound[t.at:t.at+n*format.Legs]...)}
	t.at += n * format.Legs
	t.pos += pcm.Pos(n)
	b.Captured = pcm.Mono(format.Duration(t.pos))
	return nil
}

// cpu is the processor time that this thread has used, in seconds.
func cpu() float64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &u); err != nil {
		panic("bench: " + err.Error())
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// median is the middle of v, which it sorts.
func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
