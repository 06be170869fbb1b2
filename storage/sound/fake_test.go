package sound

import (
	"bytes"
	"errors"
	"math"
	"testing"
	"time"

	"linevault/codec"
	"linevault/codec/ogg"
	"linevault/codec/opus"
	"linevault/codec/pcm"
	"linevault/storage"
)

// memory is a recorded call in memory: a source made by the real encoder.
type memory struct {
	call    storage.Call
	runs    []storage.Run
	packets [][]codec.Packet // of each run
	broken  map[int]bool
	opened  int
}

func (m *memory) Runs() []storage.Run { return m.runs }

func (m *memory) Sound(i int, emit func(codec.Packet) error) error {
	m.opened++
	if m.broken[i] {
		return &storage.DamagedError{Err: errors.New("a bit is wrong")}
	}
	for _, p := range m.packets[i] {
		if err := emit(p); err != nil {
			return err
		}
	}
	return nil
}

func (m *memory) Damage(i int) {
	r := m.runs[i]
	m.runs[i] = storage.Run{Span: r.Span, Gap: &storage.Gap{Span: r.Span, Cause: storage.Damaged}}
	m.packets[i] = nil
}

// recorder makes a memory as the recorder would: boxes of a second.
type recorder struct {
	t   testing.TB
	m   *memory
	e   *opus.Encoder
	pos pcm.Pos
}

func record(t testing.TB, f pcm.Format, from pcm.Pos) *recorder {
	t.Helper()
	e, err := opus.NewEncoder(f)
	if err != nil {
		t.Fatal(err)
	}
	call := storage.Call{ID: "01J000000000000000000TEST0", Format: f, From: from, Start: time.Unix(1700000000, 0)}
	return &recorder{t: t, e: e, pos: from, m: &memory{call: call, broken: map[int]bool{}}}
}

// emit puts a packet into the open box.
func (r *recorder) emit(p codec.Packet) error {
	p.Data = bytes.Clone(p.Data)
	m := r.m
	k := len(m.runs) - 1
	if p.Leg == 0 && (k < 0 || m.runs[k].Gap != nil || p.Restart || m.runs[k].Span.Len() >= pcm.Pos(m.call.Format.Rate)) {
		m.runs = append(m.runs, storage.Run{Box: k + 1, Span: pcm.Span{From: p.Span.From, To: p.Span.From}, Restart: p.Restart})
		m.packets = append(m.packets, nil)
		k++
	}
	m.packets[k] = append(m.packets[k], p)
	if int(p.Leg) < m.call.Format.Legs-1 {
		return nil
	}
	n, err := opus.Samples(p.Data, m.call.Format.Rate)
	if err != nil {
		return err
	}
	var sizes []int
	for _, q := range m.packets[k][len(m.packets[k])-m.call.Format.Legs:] {
		sizes = append(sizes, len(q.Data))
	}
	run := &m.runs[k]
	run.Span.To = p.Span.To
	run.Frames++
	run.Raw += pcm.Pos(n)
	run.Cost += ogg.Cost(sizes...)
	return nil
}

// play records interleaved samples.
func (r *recorder) play(samples []int16) {
	r.t.Helper()
	f := pcm.Frame{Pos: r.pos, Format: r.m.call.Format, PCM: samples}
	if err := r.e.Encode(f, r.emit); err != nil {
		r.t.Fatal(err)
	}
	r.pos += f.Len()
}

func (r *recorder) stop() {
	r.t.Helper()
	if err := r.e.Break(r.emit); err != nil {
		r.t.Fatal(err)
	}
}

// gap leaves n samples out.
func (r *recorder) gap(n pcm.Pos) {
	r.t.Helper()
	r.stop()
	s := pcm.Span{From: r.pos, To: r.pos + n}
	r.m.runs = append(r.m.runs, storage.Run{Span: s, Gap: &storage.Gap{Span: s, Cause: storage.Paused}})
	r.m.packets = append(r.m.packets, nil)
	r.pos = s.To
}

// interleave weaves legs into one frame's samples.
func interleave(legs ...[]int16) []int16 {
	var out []int16
	for i := range legs[0] {
		for _, l := range legs {
			out = append(out, l[i])
		}
	}
	return out
}

// sine is n samples of a tone.
func sine(n, rate int, hertz, amplitude float64) []int16 {
	s := make([]int16, n)
	for i := range s {
		s[i] = int16(amplitude * math.Sin(2*math.Pi*hertz*float64(i)/float64(rate)))
	}
	return s
}

// power is the power of one frequency in s, in dBFS.
func power(s []int16, rate int, hertz float64) float64 {
	var re, im float64
	for i, v := range s {
		a := 2 * math.Pi * hertz * float64(i) / float64(rate)
		re, im = re+float64(v)*math.Cos(a), im+float64(v)*math.Sin(a)
	}
	n := float64(len(s))
	return 10 * math.Log10(2*(re*re+im*im)/(n*n)/(1<<30)+1e-12)
}
