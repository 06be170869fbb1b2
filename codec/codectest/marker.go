package codectest

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Marker is noise of which any four samples in a row tell it from everything else: where they
// lie in memory or in a file, the sound has been.
//
// Of four samples as they were there are 24,000^4 = 3e17, of which a marker of 3 s has 72,000,
// counted as one leg and as two. So chance finds one of them in one in 60,000 searches of
// 150 MB that hold nothing but noise.
type Marker struct {
	Samples []int16
	whole   windows // four samples of 16 bits: of one leg, and of two with the same
	float   windows // two as floating-point numbers of 32 bits, which follow on from each other
}

// windows are runs of eight bytes. Most of what is none of them is told by one bit.
type windows struct {
	at   map[uint64]int // the sample that each begins with
	hint []uint64
}

func newWindows() windows { return windows{at: map[uint64]int{}, hint: make([]uint64, 1<<18)} }

func (w *windows) bit(v uint64) (word, bit uint64) {
	h := v * 0x9e3779b97f4a7c15 >> 40
	return h >> 6, 1 << (h & 63)
}

func (w *windows) add(v uint64, sample int) {
	word, bit := w.bit(v)
	w.hint[word] |= bit
	w.at[v] = sample
}

func (w *windows) find(v uint64) (sample int, ok bool) {
	if word, bit := w.bit(v); w.hint[word]&bit == 0 {
		return 0, false
	}
	sample, ok = w.at[v]
	return sample, ok
}

// NewMarker makes so many seconds at 8 kHz, the same each time.
func NewMarker(seconds int) *Marker {
	m := &Marker{whole: newWindows(), float: newWindows()}
	r := rand.New(rand.NewPCG(31, 32))
	for range seconds * 8000 {
		m.Samples = append(m.Samples, int16(1+r.IntN(12000))*int16(1-2*r.IntN(2)))
	}
	for i := 0; i+4 <= len(m.Samples); i++ {
		s := m.Samples[i:]
		m.whole.add(four(s[0], s[1], s[2], s[3]), i)
		m.whole.add(four(s[0], s[0], s[1], s[1]), i)
		m.whole.add(four(s[0], s[1], s[1], s[2]), i)
		m.float.add(uint64(math.Float32bits(float32(s[0])))|uint64(math.Float32bits(float32(s[1])))<<32, i)
	}
	return m
}

func four(a, b, c, d int16) uint64 {
	return uint64(uint16(a)) | uint64(uint16(b))<<16 | uint64(uint16(c))<<32 | uint64(uint16(d))<<48
}

// Trace is a run of at least four samples of a marker.
type Trace struct {
	At, Size int // bytes
	Sample   int // of the marker
	Float    bool
}

func (t Trace) String() string {
	kind := "of 16 bits"
	if t.Float {
		kind = "as floating-point numbers"
	}
	return fmt.Sprintf("%d bytes from sample %d, %s", t.Size, t.Sample, kind)
}

// In finds the marker in b, whose samples lie at even places.
func (m *Marker) In(b []byte) []Trace {
	all := runs(b, 2, 8, func(b []byte) (int, bool) { return m.whole.find(binary.LittleEndian.Uint64(b)) })
	return slices.Concat(all, runs(b, 4, 16, func(b []byte) (int, bool) {
		first, ok := m.float.find(binary.LittleEndian.Uint64(b))
		if !ok {
			return 0, false
		}
		second, ok := m.float.find(binary.LittleEndian.Uint64(b[8:]))
		return first, ok && second == first+2
	}))
}

// runs looks at windows of size bytes, so many bytes apart, and joins those that overlap.
func runs(b []byte, apart, size int, find func([]byte) (sample int, ok bool)) (all []Trace) {
	for i := 0; i+size <= len(b); i += apart {
		sample, ok := find(b[i:])
		if !ok {
			continue
		}
		if n := len(all) - 1; n >= 0 && all[n].At+all[n].Size >= i {
			all[n].Size = i + size - all[n].At
			continue
		}
		all = append(all, Trace{At: i, Size: size, Sample: sample, Float: apart == 4})
	}
	return all
}
