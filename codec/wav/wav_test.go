package wav_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"linevault/codec/pcm"
	"linevault/codec/wav"
)

// file is a WAV file of the given legs.
func file(t testing.TB, f pcm.Format, samples []int16) []byte {
	var b bytes.Buffer
	if err := wav.WriteHeader(&b, f, int64(len(samples)/f.Legs)); err != nil {
		t.Fatal(err)
	}
	if b.Len() != wav.HeaderSize {
		t.Fatalf("the header has %d bytes", b.Len())
	}
	if err := binary.Write(&b, binary.LittleEndian, samples); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func ramp(n int) []int16 {
	s := make([]int16, n)
	for i := range s {
		s[i] = int16(i * 31)
	}
	return s
}

// readAll reads r by pieces of the given size.
func readAll(r *wav.Reader, piece int) ([]int16, error) {
	var all []int16
	b := make([]int16, piece)
	for {
		n, err := r.Read(b)
		all = append(all, b[:n]...)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return all, err
		}
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	for _, f := range []pcm.Format{{Rate: 8000, Legs: 1}, {Rate: 16000, Legs: 2}} {
		in := ramp(10002)
		for _, piece := range []int{2, 3, 160, 9999, 20000} {
			r, err := wav.NewReader(iotest.OneByteReader(bytes.NewReader(file(t, f, in))))
			if err != nil {
				t.Fatal(err)
			}
			if r.Format() != f {
				t.Errorf("format %v came back as %v", f, r.Format())
			}
			out, err := readAll(r, piece)
			if err != nil || !slices.Equal(in, out) {
				t.Errorf("%v by %d: %d of %d samples, %v", f, piece, len(out), len(in), err)
			}
		}
	}
}

func TestHeaderRefusesWhatDoesNotFit(t *testing.T) {
	f := pcm.Format{Rate: 8000, Legs: 2}
	for _, n := range []int64{-1, wav.MaxSamples(2) + 1} {
		if err := wav.WriteHeader(io.Discard, f, n); err == nil {
			t.Errorf("%d samples were accepted", n)
		}
	}
	if err := wav.WriteHeader(io.Discard, f, wav.MaxSamples(2)); err != nil {
		t.Error(err)
	}
}

// TestFilesOfOthers reads what ffmpeg writes, to the sample.
func TestFilesOfOthers(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("NOT PROVED: ffmpeg is not installed (apt install ffmpeg)")
	}
	in := ramp(8000)
	source := file(t, pcm.Format{Rate: 8000, Legs: 2}, in)
	for _, codec := range []string{"pcm_s16le", "pcm_alaw", "pcm_mulaw"} {
		name := t.TempDir() + "/out.wav"
		encode := exec.CommandContext(t.Context(), ffmpeg, "-v", "error", "-i", "-", "-c:a", codec,
			"-metadata", "title=a chunk in between", "-f", "wav", "-")
		encode.Stdin = bytes.NewReader(source)
		made, err := encode.Output() // a pipe: the lengths in it are unknown
		if err != nil {
			t.Fatal(err)
		}
		decode := exec.CommandContext(t.Context(), ffmpeg, "-v", "error", "-i", "-", "-c:a", "pcm_s16le", "-f", "wav",
			"-bitexact", name)
		decode.Stdin = bytes.NewReader(made)
		if err := decode.Run(); err != nil {
			t.Fatal(err)
		}
		ours, err := wav.NewReader(bytes.NewReader(made))
		if err != nil {
			t.Fatalf("%s: %v", codec, err)
		}
		got, err := readAll(ours, 1000)
		if err != nil {
			t.Fatalf("%s: %v", codec, err)
		}
		raw := exec.CommandContext(t.Context(), ffmpeg, "-v", "error", "-i", name, "-f", "s16le", "-")
		want, err := raw.Output()
		if err != nil {
			t.Fatal(err)
		}
		if back := file(t, pcm.Format{Rate: 8000, Legs: 2}, got)[wav.HeaderSize:]; !bytes.Equal(back, want) {
			t.Errorf("%s: %d samples read, ffmpeg has %d, or they differ", codec, len(got), len(want)/2)
		}
	}
}

// chunks builds a file of named chunks.
func chunks(parts ...string) []byte {
	b := []byte("RIFF\x00\x00\x00\x00WAVE")
	for i := 0; i+1 < len(parts); i += 2 {
		b = append(b, parts[i]...)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(parts[i+1])))
		b = append(b, parts[i+1]...)
		if len(parts[i+1])%2 == 1 {
			b = append(b, 0)
		}
	}
	return b
}

// format is a fmt chunk.
func format(encoding, legs, width int, more string) string {
	b := binary.LittleEndian.AppendUint16(nil, uint16(encoding))
	b = binary.LittleEndian.AppendUint16(b, uint16(legs))
	b = binary.LittleEndian.AppendUint32(b, 8000)
	b = binary.LittleEndian.AppendUint32(b, uint32(8000*legs*width/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(legs*width/8))
	b = binary.LittleEndian.AppendUint16(b, uint16(width))
	return string(b) + more
}

const guid = "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71"

func TestOddFiles(t *testing.T) {
	linear := format(1, 1, 16, "")
	for _, c := range []struct {
		name, says string // no error where says is empty
		in         []byte
		samples    int
	}{
		{"chunks between", "", chunks("LIST", "odd", "fmt ", linear, "fact", "1234", "data", "abcd", "LIST", "tail"), 2},
		{"extensible", "", chunks("fmt ", format(0xfffe, 1, 16, "\x16\x00\x10\x00\x04\x00\x00\x00\x01\x00"+guid), "data", "abcdef"), 3},
		{"mu-law with extension size", "", chunks("fmt ", format(7, 1, 8, "\x00\x00"), "data", "abc"), 3},
		{"length unknown", "", append(chunks("fmt ", linear, "data", ""), "abcde"...), 2},
		{"empty", "byte 0: the file ends where the RIFF header", nil, 0},
		{"not RIFF", "byte 0: this is not a WAV file", []byte("OggS0000000000000"), 0},
		{"no sound", "no sound was found", chunks("fmt ", linear), 0},
		{"sound first", "byte 12: sound comes before", chunks("data", "ab", "fmt ", linear), 0},
		{"float", "encoding 0x3 cannot be read", chunks("fmt ", format(3, 1, 32, ""), "data", "abcd"), 0},
		{"24 bits", "samples of 24 bits", chunks("fmt ", format(1, 1, 24, ""), "data", "abc"), 0},
		{"no channels", "0 channels", chunks("fmt ", format(1, 0, 16, ""), "data", "abc"), 0},
		{"short fmt", "a fmt chunk of 4 bytes", chunks("fmt ", "abcd"), 0},
		{"huge chunk", "byte 20: a fmt chunk of", append([]byte("RIFF\x00\x00\x00\x00WAVEfmt \xff\xff\xff\xff"), linear...), 0},
		{"unknown extensible", "without a sub-format", chunks("fmt ", format(0xfffe, 1, 16, strings.Repeat("x", 24))), 0},
		{"cut off", "the file is cut off: 2 bytes", chunks("fmt ", linear, "data", "abcdef")[:48], 2},
		{"cut in a chunk", "the file ends inside a chunk", chunks("LIST", "abcdef")[:22], 0},
	} {
		r, err := wav.NewReader(bytes.NewReader(c.in))
		var got []int16
		if err == nil {
			got, err = readAll(r, 100)
		}
		if len(got) != c.samples {
			t.Errorf("%s: %d samples, not %d", c.name, len(got), c.samples)
		}
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
			t.Errorf("%s: %v; that should say %q", c.name, err, c.says)
		}
	}
}

func FuzzReader(f *testing.F) {
	f.Add(file(f, pcm.Format{Rate: 8000, Legs: 2}, ramp(100)), 7)
	f.Add(chunks("LIST", "odd", "fmt ", format(6, 1, 8, "\x00\x00"), "data", "abcd"), 1)
	f.Add(chunks("fmt ", format(0xfffe, 2, 16, "\x16\x00\x10\x00\x04\x00\x00\x00\x01\x00"+guid), "data", "abcdefgh"), 100)
	f.Fuzz(func(t *testing.T, in []byte, piece int) {
		r, err := wav.NewReader(bytes.NewReader(in))
		if err != nil {
			return
		}
		b := make([]int16, max(r.Format().Legs, min(piece, 4096)))
		total := 0
		for {
			n, err := r.Read(b)
			if n%r.Format().Legs != 0 {
				t.Fatalf("%d samples of %d legs", n, r.Format().Legs)
			}
			if total += n; total > len(in) {
				t.Fatalf("%d samples out of %d bytes", total, len(in))
			}
			if err != nil {
				return
			}
			if n == 0 {
				t.Fatal("neither samples nor an error")
			}
		}
	})
}
