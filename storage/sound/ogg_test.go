package sound

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"linevault/codec/codectest"
	"linevault/codec/dsp"
	"linevault/codec/ogg"
	"linevault/codec/pcm"
	"linevault/storage"
)

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
	want = want[:min(len(want), 6000)]
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
