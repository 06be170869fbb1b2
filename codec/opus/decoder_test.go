package opus_test

import (
	"bytes"
	"math"
	"testing"

	"linevault/codec"
	"linevault/codec/opus"
	"linevault/codec/pcm"
)

func TestSamples(t *testing.T) {
	for _, c := range []struct {
		packet []byte
		want   int // 0: an error
	}{
		{[]byte{3 << 3}, 480},      // SILK, 60 ms
		{[]byte{0}, 80},            // SILK, 10 ms
		{[]byte{13 << 3}, 160},     // hybrid, 20 ms
		{[]byte{16 << 3}, 20},      // CELT, 2.5 ms
		{[]byte{31<<3 | 1}, 320},   // CELT, twice 20 ms
		{[]byte{1<<3 | 3, 3}, 480}, // SILK, three of 20 ms
		{nil, 0},
		{[]byte{3}, 0},             // no count
		{[]byte{3, 0}, 0},          // no frames
		{[]byte{3<<3 | 3, 3}, 0},   // 180 ms
		{[]byte{31<<3 | 3, 63}, 0}, // 1.26 s
	} {
		got, err := opus.Samples(c.packet, 8000)
		if got != c.want || (err == nil) != (c.want > 0) {
			t.Errorf("% x: %d samples, %v, not %d", c.packet, got, err, c.want)
		}
	}
}

// TestSilence: packets of every length that Opus has decode to silence, and are the same
// each time.
func TestSilence(t *testing.T) {
	for _, rate := range []int{8000, 16000} {
		for _, n := range []int{rate / 400, rate / 200, rate / 100, rate / 50, rate / 25, rate * 3 / 50} {
			a, err := opus.Silence(rate, n)
			if err != nil {
				t.Fatal(err)
			}
			b, err := opus.Silence(rate, n)
			if err != nil || !bytes.Equal(a, b) {
				t.Errorf("%d samples at %d: % x and % x, %v", n, rate, a, b, err)
			}
			p := codec.Packet{Span: pcm.Span{To: pcm.Pos(n)}, Data: a}
			for _, v := range decode(t, pcm.Format{Rate: rate, Legs: 1}, []codec.Packet{p, p, p})[0] {
				if v > 4 || v < -4 {
					t.Fatalf("%d samples at %d: silence is %d", n, rate, v)
				}
			}
			t.Logf("%d samples at %d: %d bytes", n, rate, len(a))
		}
	}
	if _, err := opus.Silence(8000, 30); err == nil {
		t.Error("a packet of 30 samples")
	}
}

func TestRefusals(t *testing.T) {
	for _, f := range []pcm.Format{{Rate: 44100, Legs: 1}, {Rate: 8000}, {Rate: 8000, Legs: 3}} {
		if _, err := opus.NewEncoder(f); err == nil {
			t.Errorf("an encoder of %v", f)
		}
	}
	if _, err := opus.NewDecoder(44100); err == nil {
		t.Error("a decoder at 44100")
	}
	d, err := opus.NewDecoder(8000)
	if err != nil {
		t.Fatal(err)
	}
	kept := []int16{1, 2, 3}
	for name, p := range map[string]codec.Packet{
		"nothing":        {},
		"too short":      {Span: pcm.Span{To: 481}, Data: []byte{3 << 3, 0, 0}},
		"span in skip":   {Span: pcm.Span{To: 480}, Restart: true, Data: []byte{3 << 3, 0, 0}},
		"broken framing": {Span: pcm.Span{To: 160}, Data: []byte{1<<3 | 3, 0x82, 200}},
	} {
		got, err := d.Decode(p, kept)
		if err == nil || len(got) != len(kept) {
			t.Errorf("%s: %d samples, %v", name, len(got), err)
		}
	}
}

// FuzzDecode: any bytes and any span either decode to just the span or are an error.
func FuzzDecode(f *testing.F) {
	sound := make([]int16, 2000)
	for i := range sound {
		sound[i] = int16(9000 * math.Sin(float64(i*i)/9000))
	}
	e, err := opus.NewEncoder(pcm.Format{Rate: 8000, Legs: 1})
	if err != nil {
		f.Fatal(err)
	}
	add := func(p codec.Packet) error {
		f.Add(bytes.Clone(p.Data), uint16(p.Span.Len()), p.Restart)
		return nil
	}
	if err := e.Encode(pcm.Frame{Format: pcm.Format{Rate: 8000, Legs: 1}, PCM: sound}, add); err != nil {
		f.Fatal(err)
	}
	if err := e.Break(add); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{1<<3 | 3, 0xbf, 0xff}, uint16(10), false)
	f.Add([]byte{31<<3 | 2, 252, 255, 1}, uint16(320), true)
	f.Add(make([]byte, 5000), uint16(80), false)
	f.Fuzz(func(t *testing.T, data []byte, span uint16, restart bool) {
		d, err := opus.NewDecoder(8000)
		if err != nil {
			t.Fatal(err)
		}
		p := codec.Packet{Span: pcm.Span{From: 7, To: 7 + pcm.Pos(span)}, Restart: restart, Data: data}
		for range 2 {
			out, err := d.Decode(p, []int16{42})
			if out[0] != 42 || (err == nil && len(out) != 1+int(span)) || (err != nil && len(out) != 1) {
				t.Fatalf("%d samples for a span of %d: %v", len(out)-1, span, err)
			}
		}
	})
}
