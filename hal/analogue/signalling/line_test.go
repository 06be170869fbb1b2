package signalling

import (
	"bytes"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"linevault/codec"
	"linevault/codec/dsp/fsk"
	"linevault/codec/opus"
	"linevault/codec/pcm"
	"linevault/codec/wav"
)

var format = pcm.Format{Rate: 8000, Legs: 1}

// sine appends seconds of sines to p: pairs of Hz and amplitude.
func sine(p []int16, rate int, seconds float64, pairs ...float64) []int16 {
	for i := range int(seconds * float64(rate)) {
		var v float64
		for k := 0; k+1 < len(pairs); k += 2 {
			v += pairs[k+1] * math.Sin(2*math.Pi*pairs[k]*float64(i)/float64(rate))
		}
		p = append(p, int16(v))
	}
	return p
}

// outgoing is a call: dial tone under the first digit, another digit, then busy tone.
func outgoing(rate int) (p []int16) {
	p = sine(p, rate, 0.25)
	p = sine(p, rate, 1, 350, 3000, 440, 3000)
	p = sine(p, rate, 0.08, 350, 3000, 440, 3000, 697, 4500, 1336, 5000) // 2
	p = sine(p, rate, 0.1)
	p = sine(p, rate, 0.08, 941, 4500, 1477, 5000) // #
	p = sine(p, rate, 0.5)
	for range 4 {
		p = sine(p, rate, 0.375, 400, 3000)
		p = sine(p, rate, 0.375)
	}
	return p
}

var (
	outgoingKinds = []string{"tone dial", "dtmf 2", "dtmf #", "tone busy"}
	outgoingTimes = []float64{0.25, 1.25, 1.43, 2.01}
)

func listen(t *testing.T, f pcm.Frame) (events []Event) {
	t.Helper()
	l, err := NewLine(f.Format)
	if err != nil {
		t.Fatal(err)
	}
	step := pcm.Pos(f.Format.Rate / 10)
	for at := f.Pos; at < f.Pos+f.Len(); at += step {
		l.Step(f.Slice(pcm.Span{From: at, To: at + step}), func(e Event) { events = append(events, e) })
	}
	return events
}

func checkOutgoing(t *testing.T, events []Event, start pcm.Pos, rate int) {
	t.Helper()
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, fmt.Sprintf("%s %s", e.Kind, e.Value))
	}
	if !slices.Equal(kinds, outgoingKinds) {
		t.Fatalf("heard %q, want %q", kinds, outgoingKinds)
	}
	for i, e := range events {
		if at := float64(e.At-start) / float64(rate); math.Abs(at-outgoingTimes[i]) > 0.02 {
			t.Errorf("%s dated %.3f s, want %.3f", kinds[i], at, outgoingTimes[i])
		}
	}
}

func TestOutgoingCall(t *testing.T) {
	for _, rate := range []int{8000, 16000} {
		p := outgoing(rate)
		f := pcm.Frame{Pos: 1e6 + 3, Format: pcm.Format{Rate: rate, Legs: 1}, PCM: p}
		checkOutgoing(t, listen(t, f), f.Pos, rate)
	}
}

// TestLegs: digits are the near leg's and tones the far leg's; both count.
func TestLegs(t *testing.T) {
	p := outgoing(8000)
	both := make([]int16, 0, 2*len(p))
	digits := int(1.33 * 8000)
	for i, v := range p {
		near, far := int16(0), v
		if i > digits && i < 2*8000 {
			near, far = v, 0
		}
		both = append(both, near, far)
	}
	f := pcm.Frame{Format: pcm.Format{Rate: 8000, Legs: 2}, PCM: both}
	checkOutgoing(t, listen(t, f), 0, 8000)
}

// TestNewEpoch: what was half heard before a break is not finished with what comes after it.
func TestNewEpoch(t *testing.T) {
	var p []int16
	p = sine(p, 8000, 0.1)
	p = sine(p, 8000, 0.02, 697, 4500, 1336, 5000)
	l, err := NewLine(format)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	count := func(Event) { n++ }
	for i := range 3 {
		f := pcm.Frame{Epoch: pcm.Epoch(i), Pos: pcm.Pos(i * 100_000), Format: format, PCM: p}
		l.Step(f, count)
	}
	if n != 0 {
		t.Errorf("%d digits of a tone that broke off", n)
	}
	f := pcm.Frame{Epoch: 2, Pos: 200_000 + pcm.Pos(len(p)), Format: format, PCM: make([]int16, 800)}
	var at pcm.Pos
	l.Step(f, func(e Event) { at = e.At; n++ })
	if n != 1 || at < 200_720 || at > 200_880 {
		t.Errorf("%d digits, the last at %d; want one at 200800", n, at)
	}
}

func TestFormats(t *testing.T) {
	for _, f := range []pcm.Format{{}, {Rate: 8000}, {Rate: 44100, Legs: 1}, {Rate: 8000, Legs: 3}, {Rate: -8000, Legs: 1}} {
		if _, err := NewLine(f); err == nil {
			t.Errorf("took %+v", f)
		}
	}
}

// TestEventNotLogged: neither a digit nor a number reaches a log.
func TestEventNotLogged(t *testing.T) {
	var b bytes.Buffer
	log := slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	log.Info("x", "event", Event{Kind: Digit, Value: "7"})
	log.Info("x", "event", Event{Kind: Caller, Caller: fsk.Caller{Number: "777", Name: "7"}})
	if strings.Contains(b.String(), "7") {
		t.Errorf("logged %q", b.String())
	}
}

func TestStepAllocatesNothing(t *testing.T) {
	for _, rate := range []int{8000, 16000} {
		f := pcm.Frame{Format: pcm.Format{Rate: rate, Legs: 1}, PCM: outgoing(rate)}
		l, err := NewLine(f.Format)
		if err != nil {
			t.Fatal(err)
		}
		emit := func(Event) {}
		if n := testing.AllocsPerRun(10, func() { l.Step(f, emit); f.Pos += f.Len() }); n != 0 {
			t.Errorf("%d Hz: %g allocations", rate, n)
		}
	}
}

// spoken is a minute or more of speech from Debian's asterisk-core-sounds-en-wav.
func spoken(b *testing.B) (p []int16) {
	b.Helper()
	files, err := filepath.Glob("/usr/share/asterisk/sounds/en_US_f_Allison/*.wav")
	if err != nil || len(files) == 0 {
		b.Skip("SKIPPED: no speech installed; apt-get install asterisk-core-sounds-en-wav")
	}
	for _, file := range files {
		one, _, err := wav.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		p = append(p, one...)
		if len(p) > 300*8000 {
			break
		}
	}
	return p[:len(p)/8000*8000]
}

// BenchmarkSecond is all detectors on a second of one leg, and the encoder that they are measured
// against on the same sound.
func BenchmarkSecond(b *testing.B) {
	speech := spoken(b)
	for _, c := range []struct {
		name string
		pcm  []int16
	}{{"speech", speech}, {"silence", make([]int16, 16000)}} {
		b.Run("detectors/"+c.name, func(b *testing.B) {
			l, err := NewLine(format)
			if err != nil {
				b.Fatal(err)
			}
			emit := func(Event) {}
			eachSecond(b, c.pcm, func(f pcm.Frame) { l.Step(f, emit) })
		})
	}
	b.Run("opus/speech", func(b *testing.B) {
		e, err := opus.NewEncoder(format)
		if err != nil {
			b.Fatal(err)
		}
		defer e.Close()
		emit := func(codec.Packet) error { return nil }
		eachSecond(b, speech, func(f pcm.Frame) {
			if err := e.Encode(f, emit); err != nil {
				b.Fatal(err)
			}
		})
	})
}

func eachSecond(b *testing.B, p []int16, do func(f pcm.Frame)) {
	b.Helper()
	f := pcm.Frame{Format: format}
	at := 0
	for b.Loop() {
		f.PCM = p[at : at+8000]
		do(f)
		f.Pos += 8000
		at = (at + 8000) % len(p)
	}
}
