package wav_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"linevault/codec/pcm"
	"linevault/codec/wav"
)

func TestReadFile(t *testing.T) {
	format := pcm.Format{Rate: 16000, Legs: 2}
	in := ramp(40002)
	whole := file(t, format, in)
	name := filepath.Join(t.TempDir(), "sound.wav")
	for _, test := range []struct {
		what    string
		b       []byte
		samples int
		wrong   string
	}{
		{"whole", whole, len(in), ""},
		{"without a sound", file(t, format, nil), 0, ""},
		{"cut off", whole[:len(whole)-6], len(in) - 4, "cut off"}, // 6 bytes are an instant and a half
		{"not a WAV file", []byte("sound"), 0, "RIFF"},
	} {
		if err := os.WriteFile(name, test.b, 0o600); err != nil {
			t.Fatal(err)
		}
		got, f, err := wav.ReadFile(name)
		if !slices.Equal(got, in[:test.samples]) || test.wrong == "" && (err != nil || f != format) {
			t.Errorf("%s: %d samples of %v, %v", test.what, len(got), f, err)
		}
		if test.wrong != "" && (err == nil || !strings.Contains(err.Error(), test.wrong) || !strings.HasPrefix(err.Error(), name+": ")) {
			t.Errorf("%s: %v, want something about %q in %s", test.what, err, test.wrong, name)
		}
		again, _, _ := wav.ReadAll(bytes.NewReader(test.b))
		if !slices.Equal(again, got) {
			t.Errorf("%s: ReadAll gives %d samples, ReadFile %d", test.what, len(again), len(got))
		}
	}
	if _, _, err := wav.ReadFile(name + ".not"); !os.IsNotExist(err) {
		t.Errorf("%v", err)
	}
}
