package signalling

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"linevault/codec/pcm"
	"linevault/codec/wav"
)

// file writes a WAV file whose header announces all of p, but holds only the first n samples.
func file(t *testing.T, f pcm.Format, p []int16, n int) string {
	t.Helper()
	var b bytes.Buffer
	if err := wav.WriteHeader(&b, f, int64(len(p)/f.Legs)); err != nil {
		t.Fatal(err)
	}
	for _, v := range p[:n] {
		b.Write([]byte{byte(v), byte(v >> 8)})
	}
	name := filepath.Join(t.TempDir(), "x.wav")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestDecodeText(t *testing.T) {
	var b bytes.Buffer
	if err := Decode(&b, false, filepath.Join("testdata", "cli_uk_number_name.wav")); err != nil {
		t.Fatal(err)
	}
	if want := regexp.MustCompile(`^ +0\.5\d\d  cli   02079460123 SMITH J\n$`); !want.MatchString(b.String()) {
		t.Errorf("wrote %q", b.String())
	}
	b.Reset()
	if err := Decode(&b, false, filepath.Join("testdata", "cli_bell202_private.wav")); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(b.String(), "  cli   withheld\n") {
		t.Errorf("wrote %q", b.String())
	}
}

// TestDecodeInOrder: the busy tone begins before the digit in its pause, and is certain after it.
func TestDecodeInOrder(t *testing.T) {
	p := sine(nil, 8000, 0.5)
	p = sine(p, 8000, 0.375, 400, 3000)
	p = sine(p, 8000, 0.2)
	p = sine(p, 8000, 0.06, 697, 4500, 1209, 5000)
	p = sine(p, 8000, 0.115)
	for range 3 {
		p = sine(p, 8000, 0.375, 400, 3000)
		p = sine(p, 8000, 0.375)
	}
	var b bytes.Buffer
	if err := Decode(&b, true, file(t, format, p, len(p))); err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`^\{"t":0\.5\d*,"kind":"tone","value":"busy"\}\n\{"t":1\.0\d*,"kind":"dtmf","value":"1"\}\n$`)
	if !want.MatchString(b.String()) {
		t.Errorf("wrote %s", b.String())
	}
}

// TestDecodeEndsWithSound: what the file's end cuts off is over.
func TestDecodeEndsWithSound(t *testing.T) {
	p := sine(nil, 8000, 0.2)
	p = sine(p, 8000, 0.022, 941, 4500, 1336, 5000)
	var b bytes.Buffer
	if err := Decode(&b, true, file(t, format, p, len(p))); err != nil {
		t.Fatal(err)
	}
	if want := `{"t":0.2,"kind":"dtmf","value":"0"}` + "\n"; b.String() != want {
		t.Errorf("wrote %q, want %q", b.String(), want)
	}
}

func TestDecodeRefuses(t *testing.T) {
	var b bytes.Buffer
	if err := Decode(&b, true, filepath.Join(t.TempDir(), "none.wav")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	garbage := filepath.Join(t.TempDir(), "x.wav")
	if err := os.WriteFile(garbage, []byte("this is no sound at all, you know"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Decode(&b, true, garbage); err == nil || !strings.Contains(err.Error(), "not a WAV file") {
		t.Errorf("garbage: %v", err)
	}
	p := make([]int16, 44100)
	if err := Decode(&b, true, file(t, pcm.Format{Rate: 44100, Legs: 1}, p, len(p))); err == nil || !strings.Contains(err.Error(), "sox IN -r 8000") {
		t.Errorf("44.1 kHz: %v", err)
	}
	if b.Len() > 0 {
		t.Errorf("wrote %q", b.String())
	}
	p = outgoing(8000)
	err := Decode(&b, true, file(t, format, p, len(p)-3000))
	if err == nil || !strings.Contains(err.Error(), "cut off") || strings.Count(b.String(), "\n") != 4 {
		t.Errorf("cut off: %v, after %q", err, b.String())
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestDecodeCannotWrite(t *testing.T) {
	p := outgoing(8000)
	if err := Decode(full{}, true, file(t, format, p, len(p))); err == nil || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("got %v", err)
	}
}
