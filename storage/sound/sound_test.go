package sound

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"linevault/codec/codectest"
	"linevault/codec/dsp"
	"linevault/codec/ogg"
	"linevault/codec/pcm"
	"linevault/codec/wav"
	"linevault/storage"
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

// unwav reads a whole WAV into its legs.
func unwav(t *testing.T, r io.Reader) [][]int16 {
	t.Helper()
	w, err := wav.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	legs := make([][]int16, w.Format().Legs)
	buf := make([]int16, 4096)
	for {
		n, err := w.Read(buf)
		for i, v := range buf[:n] {
			legs[i%len(legs)] = append(legs[i%len(legs)], v)
		}
		if errors.Is(err, io.EOF) {
			return legs
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func correlate(a, b []int16) float64 {
	var ab, aa, bb float64
	for i := range min(len(a), len(b)) {
		x, y := float64(a[i]), float64(b[i])
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb+1)
}

// TestInvariantTileWAV: a WAV is exactly as long as the call, and every sample is at its place.
func TestInvariantTileWAV(t *testing.T) {
	for seed := range uint64(8) {
		f := pcm.Format{Rate: 8000, Legs: 1 + int(seed)%2}
		m, perfect := random(t, f, seed)
		for leg, got := range unwav(t, mustWAV(t, m)) {
			if len(got) != len(perfect[leg]) {
				t.Fatalf("seed %d: %d samples, not %d", seed, len(got), len(perfect[leg]))
			}
			for _, r := range m.runs {
				from, to := r.Span.From-m.call.From, r.Span.To-m.call.From
				switch heard := got[from:to]; {
				case r.Gap != nil && dsp.Level(heard) > toneLevel:
					t.Errorf("seed %d: a gap of %d is at %.0f dBFS", seed, r.Span.Len(), dsp.Level(heard))
				case r.Gap == nil && r.Span.Len() > 4000 && dsp.Level(perfect[leg][from:to]) > -40:
					if c := correlate(heard, perfect[leg][from:to]); c < 0.9 {
						t.Errorf("seed %d: run at %d: correlation %.3f", seed, from, c)
					}
				}
			}
		}
	}
}

// program is where a peer is, or the test is skipped.
func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("NOT PROVED: %s is not installed (apt install ffmpeg opus-tools)", name)
	}
	return path
}

// unogg has ffmpeg, by libopus, decode an Ogg file into its legs at the rate it was sampled.
func unogg(t *testing.T, file []byte, f pcm.Format) (legs [][]int16, seconds float64) {
	t.Helper()
	ffmpeg, ffprobe := program(t, "ffmpeg"), program(t, "ffprobe")
	path := filepath.Join(t.TempDir(), "call.ogg")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	says, err := exec.CommandContext(t.Context(), ffprobe, "-v", "warning", "-show_entries", "format=duration",
		"-of", "csv=p=0", path).CombinedOutput()
	if err != nil {
		t.Fatalf("ffprobe: %v\n%s", err, says)
	}
	if seconds, err = strconv.ParseFloat(strings.TrimSpace(string(says)), 64); err != nil {
		t.Fatalf("ffprobe: %v", err)
	}
	cmd := exec.CommandContext(t.Context(), ffmpeg, "-v", "warning", "-c:a", "libopus", "-i", path,
		"-ar", strconv.Itoa(f.Rate), "-f", "s16le", "-")
	var complaints strings.Builder
	cmd.Stderr = &complaints
	raw, err := cmd.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("ffmpeg: %v\n%s", err, complaints.String())
	}
	legs = make([][]int16, f.Legs)
	for i := range len(raw) / 2 {
		legs[i%f.Legs] = append(legs[i%f.Legs], int16(binary.LittleEndian.Uint16(raw[2*i:])))
	}
	// ffprobe counts the pre-skip, in the reference encoder's files too.
	return legs, seconds - float64(ogg.PreSkip)/ogg.Clock
}

// TestInvariantTileOgg: ffmpeg finds the file as long as the call to within 2.5 ms, and plays
// each stretch of sound within 1.25 ms of its place where gaps are not too short to absorb
// the padding of a break.
func TestInvariantTileOgg(t *testing.T) {
	for seed := range uint64(4) {
		f := pcm.Format{Rate: 8000, Legs: 1 + int(seed)%2}
		m, perfect := random(t, f, seed)
		o := mustOgg(t, m)
		legs, seconds := unogg(t, all(t, o), f)
		owed := 0. // what gaps are too short for, at the most
		for _, r := range m.runs {
			if r.Gap != nil && r.Span.Len() < 132 {
				owed += 0.0165
			}
		}
		if want := f.Duration(pcm.Pos(len(perfect[0]))).Seconds(); seconds < want-0.0025 || seconds > want+0.0025+owed {
			t.Errorf("seed %d: %.4f s, not %.4f", seed, seconds, want)
		}
		if owed > 0 {
			continue
		}
		for leg, got := range legs {
			for _, r := range m.runs {
				from, to := int(r.Span.From-m.call.From), int(r.Span.To-m.call.From)
				if want := perfect[leg][from:to]; r.Gap == nil && len(want) > 4000 && dsp.Level(want) > -40 {
					lag, c := bestLag(want, got, from)
					if c < 0.9 || max(lag, -lag) > 10 {
						t.Errorf("seed %d: leg %d at %d: correlation %.3f at %d samples", seed, leg, from, c, lag)
					}
				}
			}
		}
	}
}

// bestLag is where in got, near from, want fits best.
func bestLag(want, got []int16, from int) (lag int, c float64) {
	want = want[:min(len(want), 12000)]
	for l := -132; l <= 132; l++ {
		if at := from + l; at >= 0 && at+len(want) <= len(got) {
			if x := correlate(want, got[at:]); x > c {
				lag, c = l, x
			}
		}
	}
	return lag, c
}

// TestManyGapsDoNotAddUp: after 200 breaks of odd lengths the sound is still at its place.
func TestManyGapsDoNotAddUp(t *testing.T) {
	f := pcm.Format{Rate: 8000, Legs: 1}
	r := record(t, f, 5)
	rng := rand.New(rand.NewPCG(1, 3))
	for range 200 {
		r.play(sine(101+rng.IntN(999), 8000, 300, 5000))
		r.gap(pcm.Pos(133 + rng.IntN(500)))
	}
	speech := codectest.Speech(t, 20*8000)[:20*8000]
	at := int(r.pos - 5)
	r.play(speech)
	r.stop()
	legs, _ := unogg(t, all(t, mustOgg(t, r.m)), f)
	if lag, c := bestLag(speech[:10*8000], legs[0], at); max(lag, -lag) > 10 || c < 0.9 {
		t.Errorf("%d samples late, correlation %.3f", lag, c)
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

// TestOpusinfo: the reference tool finds nothing to complain of but what it cannot know: that
// the recorder's own look-ahead lies in the gaps.
func TestOpusinfo(t *testing.T) {
	opusinfo := program(t, "opusinfo")
	m, _ := random(t, pcm.Format{Rate: 8000, Legs: 2}, 3)
	path := filepath.Join(t.TempDir(), "call.ogg")
	if err := os.WriteFile(path, all(t, mustOgg(t, m)), 0o600); err != nil {
		t.Fatal(err)
	}
	says, err := exec.CommandContext(t.Context(), opusinfo, path).CombinedOutput()
	if err != nil || bytes.Contains(says, []byte("WARNING")) || !bytes.Contains(says, []byte("Channels: 2")) {
		t.Errorf("%v\n%s", err, says)
	}
}

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

// TestCrowdedBox: a run with more packets than a page can hold is spread over several.
func TestCrowdedBox(t *testing.T) {
	f := pcm.Format{Rate: 8000, Legs: 2}
	r := record(t, f, 0)
	rng := rand.New(rand.NewPCG(1, 4))
	loud := make([]int16, 2*8000)
	for i := range loud {
		loud[i] = int16(rng.IntN(65536) - 32768)
	}
	for range 20 {
		r.play(loud)
	}
	r.stop()
	// All in one run, as no recorder does.
	one := storage.Run{Restart: true, Span: span(r.m.runs)}
	for i, run := range r.m.runs {
		one.Frames, one.Raw, one.Cost = one.Frames+run.Frames, one.Raw+run.Raw, one.Cost+run.Cost
		if i > 0 {
			r.m.packets[0] = append(r.m.packets[0], r.m.packets[i]...)
		}
	}
	r.m.runs = []storage.Run{one}
	o := mustOgg(t, r.m)
	if o.layout.chunks[0].pages < 2 {
		t.Fatal("it fits one page")
	}
	legs, seconds := unogg(t, all(t, o), f)
	if len(legs[0]) < 20*8000-20 || math.Abs(seconds-20) > 0.0025 {
		t.Errorf("%d samples, %.4f s", len(legs[0]), seconds)
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

// TestFillerNeverChanges: what fills gaps comes from nowhere but the format.
func TestFillerNeverChanges(t *testing.T) {
	for _, f := range []pcm.Format{{Rate: 8000, Legs: 1}, {Rate: 16000, Legs: 2}} {
		a, err := newFiller(f)
		if err != nil {
			t.Fatal(err)
		}
		b, err := newFiller(f)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(a, b) {
			t.Errorf("%v: two fillers differ", f)
		}
	}
}

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
