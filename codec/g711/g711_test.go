package g711

import (
	"bytes"
	"encoding/binary"
	"os/exec"
	"testing"
)

// every is each sample value once.
func every() []int16 {
	s := make([]int16, 1<<16)
	for i := range s {
		s[i] = int16(i - 1<<15)
	}
	return s
}

func TestCodesSurviveTheRoundTrip(t *testing.T) {
	codes := make([]byte, 256)
	for i := range codes {
		codes[i] = byte(i)
	}
	samples, back := make([]int16, 256), make([]byte, 256)
	DecodeA(samples, codes)
	EncodeA(back, samples)
	if !bytes.Equal(codes, back) {
		t.Errorf("A-law:\n%x\n%x", codes, back)
	}
	DecodeU(samples, codes)
	EncodeU(back, samples)
	codes[0x7f] = 0xff // the two zeros of mu-law are one value
	if !bytes.Equal(codes, back) {
		t.Errorf("mu-law:\n%x\n%x", codes, back)
	}
}

// TestNearest: what comes back is no farther from the sample than half the law's step there.
func TestNearest(t *testing.T) {
	in := every()
	code, out := make([]byte, len(in)), make([]int16, len(in))
	for _, law := range []struct {
		name   string
		encode func([]byte, []int16)
		decode func([]int16, []byte)
	}{{"A", EncodeA, DecodeA}, {"mu", EncodeU, DecodeU}} {
		law.encode(code, in)
		law.decode(out, code)
		for i, v := range in {
			away := max(int(v)-int(out[i]), int(out[i])-int(v))
			limit := max(8, (max(int(v), -int(v))+132)/32+4)
			if law.name == "mu" && (v > 32124 || v < -32124) {
				limit = 32768 - 32124
			}
			if away > limit {
				t.Fatalf("%s-law: %d comes back as %d", law.name, v, out[i])
			}
		}
	}
}

// TestAgainstFFmpeg decodes every code as ffmpeg does, to the bit.
func TestAgainstFFmpeg(t *testing.T) {
	ffmpeg, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("NOT PROVED: ffmpeg is not installed (apt install ffmpeg)")
	}
	codes := make([]byte, 256)
	for i := range codes {
		codes[i] = byte(i)
	}
	for name, decode := range map[string]func([]int16, []byte){"alaw": DecodeA, "mulaw": DecodeU} {
		cmd := exec.CommandContext(t.Context(), ffmpeg, "-v", "error", "-f", name, "-ar", "8000", "-ac", "1",
			"-i", "-", "-f", "s16le", "-")
		cmd.Stdin = bytes.NewReader(codes)
		raw, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		ours := make([]int16, 256)
		decode(ours, codes)
		for i, v := range ours {
			if theirs := int16(binary.LittleEndian.Uint16(raw[2*i:])); theirs != v {
				t.Errorf("%s %#02x: %d, ffmpeg says %d", name, i, v, theirs)
			}
		}
	}
}

func BenchmarkDecodeA(b *testing.B) { benchDecode(b, DecodeA) }
func BenchmarkDecodeU(b *testing.B) { benchDecode(b, DecodeU) }
func BenchmarkEncodeA(b *testing.B) { benchEncode(b, EncodeA) }
func BenchmarkEncodeU(b *testing.B) { benchEncode(b, EncodeU) }

// One operation is a second of one leg.
func benchDecode(b *testing.B, decode func([]int16, []byte)) {
	src, dst := make([]byte, 8000), make([]int16, 8000)
	for i := range src {
		src[i] = byte(i * 7)
	}
	for b.Loop() {
		decode(dst, src)
	}
}

func benchEncode(b *testing.B, encode func([]byte, []int16)) {
	src, dst := make([]int16, 8000), make([]byte, 8000)
	for i := range src {
		src[i] = int16(i * 77)
	}
	for b.Loop() {
		encode(dst, src)
	}
}
