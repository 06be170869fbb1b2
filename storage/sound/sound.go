// Package sound plays recorded calls: as Ogg Opus without encoding anything again, and as WAV
// to the sample. Both are made as they are asked for and never lie in memory whole.
package sound

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"linevault/codec"
	"linevault/codec/pcm"
	"linevault/storage"
)

// What a gap sounds like: silence in its true length, with a soft tone at its edges.
const (
	toneLength = 120 * time.Millisecond
	toneHertz  = 440
	toneLevel  = -34 // dBFS
	toneEdge   = 20 * time.Millisecond
	// toneGap is how long a gap must be to have tones.
	toneGap = 400 * time.Millisecond
)

// maxLength bounds what is laid out: a call of which its index says more is no call.
const maxLength = 10 * 24 * time.Hour

// source is what a storage.Playback gives.
type source interface {
	Runs() []storage.Run
	Sound(i int, emit func(codec.Packet) error) error
	Damage(i int)
}

// sound hands the packets of run i to emit. A run that turns out damaged is a gap from now
// on, for whoever asks again.
func sound(s source, i int, emit func(codec.Packet) error) error {
	err := s.Sound(i, emit)
	if damaged := (*storage.DamagedError)(nil); errors.As(err, &damaged) {
		s.Damage(i)
	}
	return err
}

// span is what runs cover.
func span(runs []storage.Run) pcm.Span {
	if len(runs) == 0 {
		return pcm.Span{}
	}
	return pcm.Span{From: runs[0].Span.From, To: runs[len(runs)-1].Span.To}
}

// check refuses what no recorder writes, before anything is computed from it.
func check(call storage.Call, runs []storage.Run) error {
	f := call.Format
	if f.Rate != 8000 && f.Rate != 16000 || f.Legs < 1 || f.Legs > pcm.MaxLegs {
		return fmt.Errorf("playing call %s: %d legs at %d samples a second cannot be played", call.ID, f.Legs, f.Rate)
	}
	if n := span(runs).Len(); n > f.Samples(maxLength) {
		return fmt.Errorf("playing call %s: %d samples are more than %v", call.ID, n, maxLength)
	}
	for i, r := range runs {
		switch {
		case i > 0 && r.Span.From != runs[i-1].Span.To || r.Span.To < r.Span.From:
			return fmt.Errorf("playing call %s: run %d covers %v, which does not follow on from %d", call.ID, i, r.Span, runs[max(0, i-1)].Span.To)
		case r.Gap == nil && (r.Frames < 1 || r.Raw < 1 || r.Cost < 1):
			return fmt.Errorf("playing call %s: run %d is neither sound nor a gap", call.ID, i)
		}
	}
	return nil
}

// tag is the ETag of one form of a call: it changes when anything in it does.
func tag(form string, call storage.Call, runs []storage.Run) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s %s %d %d %d\n", form, call.ID, call.Format.Rate, call.Format.Legs, len(runs))
	var b []byte
	for _, r := range runs {
		kind := byte(0)
		switch {
		case r.Gap != nil:
			kind = 1
		case r.Restart:
			kind = 2
		}
		b = append(b[:0], kind)
		for _, n := range [...]int64{int64(r.Part), int64(r.Box), int64(r.Span.From), int64(r.Span.To), int64(r.Frames), int64(r.Raw), int64(r.Cost)} {
			b = binary.AppendVarint(b, n)
		}
		h.Write(b)
	}
	return `"` + hex.EncodeToString(h.Sum(nil)[:12]) + `"`
}

// tone is what sounds at the edges of a gap.
func tone(f pcm.Format) []int16 {
	n, edge := int(f.Samples(toneLength)), int(f.Samples(toneEdge))
	top := math.MaxInt16 * math.Sqrt2 * math.Pow(10, toneLevel/20.)
	s := make([]int16, n)
	for i := range s {
		v := top * math.Sin(2*math.Pi*toneHertz*float64(i)/float64(f.Rate))
		if near := min(i, n-1-i); near < edge {
			v *= (1 - math.Cos(math.Pi*float64(near)/float64(edge))) / 2
		}
		s[i] = int16(math.Round(v))
	}
	return s
}

// withoutTones is a gap's answer to hasTones.
const withoutTones = false

// hasTones reports whether a gap of n samples has tones.
func hasTones(f pcm.Format, n pcm.Pos) bool { return n >= f.Samples(toneGap) }

// seek is the arithmetic of io.Seeker.
func seek(at, size, offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += at
	case io.SeekEnd:
		offset += size
	case io.SeekStart:
	default:
		return at, fmt.Errorf("seek: whence %d is none", whence)
	}
	if offset < 0 {
		return at, fmt.Errorf("seek: %d is before the beginning", offset)
	}
	return offset, nil
}
