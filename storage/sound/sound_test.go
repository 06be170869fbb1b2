package sound

import (
	"bytes"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"linevault/codec/codectest"
	"linevault/codec/dsp"
	"linevault/codec/ogg"
	"linevault/codec/pcm"
	"linevault/codec/wav"
)

// random is a call of speech with gaps of every sort, and what a perfect recording of it
// would hold.
func random(t *testing.T, f pcm.Format, seed uint64) (m *memory, perfect [][]int16) {
	rng := rand.New(rand.NewPCG(seed, 1))
	speech := codectest.Speech(t, 60*8000)
	r := record(t, f, pcm.Pos(rng.IntN(1e6)))
	perfect = make([][]int16, f.Legs)
	at := rng.IntN(100000)
	if rng.IntN(3) == 0 {
		r.gap(pcm.Pos(1 + rng.IntN(20000)))
		for leg := range perfect {
			perfect[leg] = make([]int16, r.m.runs[0].Span.Len())
		}
	}
	for range 4 {
		n := 1 + rng.IntN(50000)
		legs := make([][]int16, f.Legs)
		for leg := range legs {
			legs[leg] = speech[(at+leg*100000)%300000:][:n]
			perfect[leg] = append(perfect[leg], legs[leg]...)
		}
		at += n
		r.play(interleave(legs...))
		gap := []int{1, 50, 140, 700, 3000, 3200, 20001, 60000}[rng.IntN(8)]
		r.gap(pcm.Pos(gap))
		for leg := range perfect {
			perfect[leg] = append(perfect[leg], make([]int16, gap)...)
		}
	}
	if rng.IntN(2) == 0 {
		s := make([]int16, 3000*f.Legs)
		r.play(s)
		r.stop()
		for leg := range perfect {
			perfect[leg] = append(perfect[leg], make([]int16, 3000)...)
		}
	}
	return r.m, perfect
}

func mustOgg(t testing.TB, m *memory) *Ogg {
	t.Helper()
	o, err := newOgg(m, m.call)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func mustWAV(t testing.TB, m *memory) *WAV {
	t.Helper()
	w, err := newWAV(m, m.call)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func all(t testing.TB, r io.Reader) []byte {
	t.Helper()
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type form interface {
	io.ReadSeeker
	Size() int64
	ETag() string
}

// TestSameBytesHoweverAsked: whole, and by random ranges on other readers of the same call.
func TestSameBytesHoweverAsked(t *testing.T) {
	for seed := range uint64(6) {
		f := pcm.Format{Rate: 8000 << (seed % 2), Legs: 1 + int(seed/2)%2}
		m, _ := random(t, f, seed)
		for name, open := range map[string]func() form{
			"ogg": func() form { return mustOgg(t, m) },
			"wav": func() form { return mustWAV(t, m) },
		} {
			whole := all(t, open())
			r := open()
			if int64(len(whole)) != r.Size() {
				t.Fatalf("%s: %d bytes, %d announced", name, len(whole), r.Size())
			}
			if r.ETag() != open().ETag() || !strings.HasPrefix(r.ETag(), `"`) {
				t.Errorf("%s: ETag %s and %s", name, r.ETag(), open().ETag())
			}
			rng := rand.New(rand.NewPCG(seed, 2))
			for range 40 {
				at := rng.IntN(len(whole))
				n := min(len(whole)-at, 1+rng.IntN(20000))
				if _, err := r.Seek(int64(at), io.SeekStart); err != nil {
					t.Fatal(err)
				}
				got := make([]byte, n)
				if _, err := io.ReadFull(r, got); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, whole[at:at+n]) {
					t.Fatalf("%s: bytes %d..%d are others when asked for alone", name, at, at+n)
				}
			}
			if err := iotest.TestReader(open(), whole); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// TestLayoutOpensNoBox: making the readers and seeking opens none, a page opens its own.
func TestLayoutOpensNoBox(t *testing.T) {
	r := record(t, pcm.Format{Rate: 8000, Legs: 2}, 0)
	r.play(make([]int16, 2*8000*60))
	r.stop()
	o, w := mustOgg(t, r.m), mustWAV(t, r.m)
	if _, err := o.Seek(o.Size()/2, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Seek(0, io.SeekEnd); err != nil {
		t.Fatal(err)
	}
	if r.m.opened != 0 {
		t.Errorf("%d boxes were opened before anything was read", r.m.opened)
	}
	if _, err := o.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	if r.m.opened > 6 {
		t.Errorf("%d boxes were opened for one page", r.m.opened)
	}
}

// TestInvariantNoLeak: a tone that sounds only inside pauses is in neither form.
func TestInvariantNoLeak(t *testing.T) {
	f := pcm.Format{Rate: 8000, Legs: 2}
	r := record(t, f, 0)
	quiet := interleave(sine(16000, 8000, 300, 3000), make([]int16, 16000))
	for range 5 {
		r.play(quiet)
		r.gap(12345) // the tone of 1 kHz sounded here, and the recorder never saw it
	}
	r.play(quiet)
	r.stop()
	fromOgg, _ := unogg(t, all(t, mustOgg(t, r.m)), f)
	for name, legs := range map[string][][]int16{"ogg": fromOgg, "wav": unwav(t, mustWAV(t, r.m))} {
		for leg, s := range legs {
			for at := 0; at+800 <= len(s); at += 400 {
				if p := power(s[at:at+800], 8000, 1000); p > -60 {
					t.Fatalf("%s: leg %d has 1 kHz at %.0f dBFS at sample %d", name, leg, p, at)
				}
			}
		}
		for _, run := range r.m.runs {
			if run.Gap == nil {
				continue
			}
			s := legs[1][run.Span.From+1200 : run.Span.To-1200]
			if l := dsp.Level(s); l > -70 {
				t.Errorf("%s: the middle of a gap is at %.0f dBFS", name, l)
			}
			for edge, at := range map[string]pcm.Pos{"first": run.Span.From + 200, "last": run.Span.To - 900} {
				if p := power(legs[1][at:at+700], 8000, toneHertz); p < toneLevel-4 || p > toneLevel+2 {
					t.Errorf("%s: the tone at a gap's %s edge is at %.1f dBFS", name, edge, p)
				}
			}
		}
	}
}

func TestEmptyCall(t *testing.T) {
	r := record(t, pcm.Format{Rate: 8000, Legs: 2}, 7)
	o, err := ogg.NewReader(mustOgg(t, r.m))
	if err != nil {
		t.Fatal(err)
	}
	if p, err := o.Next(); err != nil || !p.Last || p.Granule != ogg.PreSkip {
		t.Errorf("ogg: the only packet ends at %d, last %v, %v", p.Granule, p.Last, err)
	}
	if b := all(t, mustWAV(t, r.m)); len(b) != wav.HeaderSize {
		t.Errorf("wav: %d bytes", len(b))
	}
	only := record(t, pcm.Format{Rate: 8000, Legs: 1}, 7)
	only.gap(80000)
	legs, seconds := unogg(t, all(t, mustOgg(t, only.m)), only.m.call.Format)
	if math.Abs(seconds-10) > 0.0001 || dsp.Level(legs[0][2000:78000]) > -70 {
		t.Errorf("a call that is one gap: %.4f s, %.0f dBFS", seconds, dsp.Level(legs[0][2000:78000]))
	}
}
