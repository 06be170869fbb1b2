package sound

import (
	"io"
	"testing"

	"linevault/codec/pcm"
)

// long is a call of two legs without a break, of so many minutes: the first one again and again.
func long(t testing.TB, minutes int) *memory {
	r := record(t, pcm.Format{Rate: 8000, Legs: 2}, 0)
	r.play(interleave(sine(8000*60, 8000, 300, 3000), sine(8000*60, 8000, 500, 3000)))
	r.stop()
	n := len(r.m.runs)
	for i := 0; len(r.m.runs) < minutes*n; i++ {
		run := r.m.runs[i]
		run.Span.From, run.Span.To = run.Span.From+8000*60, run.Span.To+8000*60
		r.m.runs = append(r.m.runs, run)
		r.m.packets = append(r.m.packets, r.m.packets[i])
	}
	return r.m
}

// TestBoundedMemory: whatever the length of a call, some seconds of it are in memory.
func TestBoundedMemory(t *testing.T) {
	m := long(t, 5)
	o, w := mustOgg(t, m), mustWAV(t, m)
	ogg, wav := len(all(t, o)), len(all(t, w))
	if n := cap(o.page) + cap(o.body) + 8*cap(o.sizes); n > 1<<17 {
		t.Errorf("%d bytes held for an Ogg file of %d", n, ogg)
	}
	if n := cap(w.made) + 2*cap(w.legs[0]) + 2*cap(w.legs[1]); n > 1<<18 {
		t.Errorf("%d bytes held for a WAV file of %d", n, wav)
	}
}

// BenchmarkLayout lays out an hour.
func BenchmarkLayout(b *testing.B) {
	m := long(b, 60)
	b.ReportAllocs()
	for b.Loop() {
		mustOgg(b, m)
	}
}

// BenchmarkRead reads an hour of two legs. Boxes cost nothing here.
func BenchmarkRead(b *testing.B) {
	m := long(b, 60)
	for name, open := range map[string]func() io.Reader{
		"ogg": func() io.Reader { return mustOgg(b, m) },
		"wav": func() io.Reader { return mustWAV(b, m) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				n, err := io.Copy(io.Discard, open())
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(n)
			}
		})
	}
}
