package ogg_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"linevault/codec"
	"linevault/codec/codectest"
	"linevault/codec/ogg"
	"linevault/codec/opus"
	"linevault/codec/pcm"
)

// stream is sounds, one per leg, as a file, with the packets it was made of.
func stream(t testing.TB, rate int, sounds ...[]int16) (file []byte, packets [][]byte) {
	t.Helper()
	format := pcm.Format{Rate: rate, Legs: len(sounds)}
	f := pcm.Frame{Format: format}
	for i := range sounds[0] {
		for _, s := range sounds {
			f.PCM = append(f.PCM, s[i])
		}
	}
	e, err := opus.NewEncoder(format)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := ogg.NewWriter(&b, format.Legs, rate, 42, map[string]string{"TITLE": "Ünïcode", "LINE": "kiosk 1"})
	if err != nil {
		t.Fatal(err)
	}
	var instant [][]byte
	emit := func(p codec.Packet) error {
		data := bytes.Clone(p.Data)
		packets, instant = append(packets, data), append(instant, data)
		if len(instant) < format.Legs {
			return nil
		}
		n, err := opus.Samples(p.Data, ogg.Clock)
		if err != nil {
			return err
		}
		err = w.Packet(n, instant...)
		instant = instant[:0]
		return err
	}
	if err := e.Encode(f, emit); err != nil {
		t.Fatal(err)
	}
	if err := e.Break(emit); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(int64(len(sounds[0]) * ogg.Clock / rate)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), packets
}

// program is where a peer is, or the test is skipped.
func program(t *testing.T, name, debian string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("NOT PROVED: %s is not installed (apt install %s)", name, debian)
	}
	return path
}

func save(t *testing.T, file []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "call.ogg")
	if err := os.WriteFile(name, file, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", name, err, stdout.String(), stderr.String())
	}
	return stdout.String() + stderr.String()
}

// TestOpusinfo: the reference tool finds nothing to complain of.
func TestOpusinfo(t *testing.T) {
	opusinfo := program(t, "opusinfo", "opus-tools")
	speech := codectest.Speech(t, 40*8000)
	for _, sounds := range [][][]int16{{speech[:100001]}, {speech[:100001], speech[100001:200002]}} {
		file, _ := stream(t, 8000, sounds...)
		says := run(t, opusinfo, save(t, file))
		if strings.Contains(says, "WARNING") || strings.Contains(says, "ERROR") ||
			!strings.Contains(says, "Original sample rate: 8000 Hz") || !strings.Contains(says, "TITLE=Ünïcode") ||
			!strings.Contains(says, "Playback length: 0m:12.500s") {
			t.Errorf("%d legs:\n%s", len(sounds), says)
		}
		if len(sounds) == 2 && !strings.Contains(says, "Channels: 2") {
			t.Errorf("two legs:\n%s", says)
		}
	}
}

// TestFFmpegPlaysEachLegAlone: what ffmpeg decodes is what went in, at its length and place,
// and a leg that is silent stays silent beside one that is loud.
func TestFFmpegPlaysEachLegAlone(t *testing.T) {
	ffmpeg, ffprobe := program(t, "ffmpeg", "ffmpeg"), program(t, "ffprobe", "ffmpeg")
	speech := codectest.Speech(t, 40*8000)
	const n = 80123
	a, b, silence := speech[:n], speech[20*8000:20*8000+n], make([]int16, n)
	for name, legs := range map[string][][]int16{
		"mono": {a}, "both": {a, b}, "near silent": {silence, b}, "far silent": {a, silence},
	} {
		t.Run(name, func(t *testing.T) {
			file, _ := stream(t, 8000, legs...)
			path := save(t, file)
			says := run(t, ffprobe, "-v", "warning", "-show_entries", "stream=channels,codec_name:format=duration", "-of", "csv", path)
			d, err := strconv.ParseFloat(strings.TrimSpace(says[strings.LastIndex(says, ",")+1:]), 64)
			d -= float64(ogg.PreSkip) / ogg.Clock // ffprobe counts it, in the reference encoder's files too
			if err != nil || math.Abs(d-n/8000.) > 0.0001 || !strings.Contains(says, "opus,"+strconv.Itoa(len(legs))) {
				t.Errorf("ffprobe: %v s, %v\n%s", d, err, says)
			}
			raw := run(t, ffmpeg, "-v", "error", "-c:a", "libopus", "-i", path, "-ar", "8000", "-f", "s16le", "-")
			if got := len(raw) / 2 / len(legs); got < n-1 || got > n+1 {
				t.Fatalf("%d samples decoded of %d", got, n)
			}
			for i, want := range legs {
				got := make([]int16, n)
				for j := range min(n, len(raw)/2/len(legs)) {
					got[j] = int16(binary.LittleEndian.Uint16([]byte(raw[2*(j*len(legs)+i):])))
				}
				if &want[0] == &silence[0] {
					if l := level(got); l > -60 {
						t.Errorf("leg %d is at %.0f dB", i, l)
					}
					continue
				}
				if c := correlation(want, got); c < 0.93 {
					t.Errorf("leg %d: correlation %.3f", i, c)
				}
			}
		})
	}
}

func level(s []int16) float64 {
	var sum float64
	for _, v := range s {
		sum += float64(v) * float64(v)
	}
	return 10 * math.Log10(sum/float64(len(s))/(1<<30)+1e-12)
}

func correlation(a, b []int16) float64 {
	var ab, aa, bb float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	return ab / math.Sqrt(aa*bb+1)
}

// TestOverhead: a file is about 1 % larger than its packets.
func TestOverhead(t *testing.T) {
	speech := codectest.Speech(t, 120*8000)
	for _, sounds := range [][][]int16{{speech[:60*8000]}, {speech[:60*8000], speech[60*8000 : 120*8000]}} {
		file, packets := stream(t, 8000, sounds...)
		payload := 0
		for _, p := range packets {
			payload += len(p)
		}
		over := float64(len(file))/float64(payload) - 1
		t.Logf("%d legs: %d bytes of packets, %.2f %% over", len(sounds), payload, 100*over)
		if over > 0.018 {
			t.Errorf("%d legs: %.2f %% over", len(sounds), 100*over)
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, tags := range map[string]map[string]string{
		"=": {"A=B": "c"}, "empty": {"": "c"}, "not ASCII": {"Ü": "c"}, "too much": {"A": strings.Repeat("x", 70000)},
	} {
		if _, err := ogg.NewWriter(io.Discard, 1, 8000, 1, tags); err == nil {
			t.Errorf("tag %s was accepted", name)
		}
	}
	if _, err := ogg.NewWriter(io.Discard, 3, 8000, 1, nil); err == nil {
		t.Error("three legs were accepted")
	}
	w, err := ogg.NewWriter(io.Discard, 2, 8000, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"a leg too few": w.Packet(2880, []byte{0x18}), "no length": w.Packet(0, []byte{0x18}, []byte{0x18}),
		"broken": w.Packet(2880, nil, []byte{0x18}), "end beyond": w.Close(1),
	} {
		if err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}
