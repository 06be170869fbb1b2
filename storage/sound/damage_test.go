package sound

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"linevault/codec/dsp"
	"linevault/codec/pcm"
	"linevault/storage"
)

// TestDamage: the error comes once; whoever asks again hears a gap in its place.
func TestDamage(t *testing.T) {
	for name, open := range map[string]func(*memory) form{
		"ogg": func(m *memory) form { return mustOgg(t, m) },
		"wav": func(m *memory) form { return mustWAV(t, m) },
	} {
		m, perfect := random(t, pcm.Format{Rate: 8000, Legs: 2}, 1)
		for i, r := range m.runs {
			if r.Gap == nil && !r.Restart && r.Span.Len() >= 8000 {
				m.broken[i] = true
				break
			}
		}
		first := open(m)
		_, err := io.ReadAll(first)
		if damaged := (*storage.DamagedError)(nil); !errors.As(err, &damaged) {
			t.Fatalf("%s: %v", name, err)
		}
		again := open(m)
		if again.ETag() == first.ETag() {
			t.Errorf("%s: the ETag is still %s", name, again.ETag())
		}
		b := all(t, again)
		legs := [][]int16(nil)
		if name == "wav" {
			legs = unwav(t, bytes.NewReader(b))
		} else {
			legs, _ = unogg(t, b, m.call.Format)
		}
		for i, r := range m.runs {
			if from := int(r.Span.From - m.call.From); m.broken[i] {
				if l := dsp.Level(legs[0][from+1200 : from+6800]); l > -70 {
					t.Errorf("%s: the damaged run is at %.0f dBFS", name, l)
				}
			} else if i > 0 && m.broken[i-1] && r.Span.Len() > 6000 {
				want := perfect[0][from+800 : from+6000]
				if c := correlate(want, legs[0][from+800:]); name == "wav" && c < 0.85 {
					t.Errorf("%s: after the damaged run the correlation is %.3f", name, c)
				}
			}
		}
	}
}

// TestLies: an index that contradicts its boxes is an error, never a file of another length.
func TestLies(t *testing.T) {
	for name, lie := range map[string]func(*storage.Run){
		"cost":   func(r *storage.Run) { r.Cost++ },
		"raw":    func(r *storage.Run) { r.Raw += 480 },
		"format": func(r *storage.Run) { r.Span.From++ },
		"frames": func(r *storage.Run) { r.Frames = 0 },
		"length": func(r *storage.Run) { r.Span.To = 1 << 60 },
	} {
		m, _ := random(t, pcm.Format{Rate: 8000, Legs: 1}, 2)
		lie(&m.runs[2])
		o, err := newOgg(m, m.call)
		if err == nil {
			_, err = io.ReadAll(o)
		}
		if err == nil {
			t.Errorf("%s: nobody noticed", name)
		}
	}
	m, _ := random(t, pcm.Format{Rate: 8000, Legs: 1}, 2)
	m.call.Format.Rate = 44100
	if _, err := newOgg(m, m.call); err == nil {
		t.Error("44100 was accepted")
	}
	if _, err := newWAV(m, m.call); err == nil {
		t.Error("44100 was accepted")
	}
	o := mustOgg(t, record(t, pcm.Format{Rate: 8000, Legs: 1}, 0).m)
	if _, err := o.Seek(-1, io.SeekStart); err == nil {
		t.Error("a place before the beginning was accepted")
	}
}
