package fsk

import (
	"math"
	"slices"
	"testing"

	"linevault/codec/dsp/internal/linetest"
	"linevault/codec/pcm"
)

// sent is how a test's message is sent: continuous phase, as a modem does.
type sent struct {
	mark, space   float64 // Hz
	dbm0, twist   float64 // of mark; of space over mark
	baud          float64
	seizure, lead int     // bits of 0101, then of mark
	stuffing      int     // bits of mark after each byte
	silence       float64 // ms before
}

func bt() sent {
	return sent{mark: 1300, space: 2100, dbm0: -15, baud: 1200, seizure: 96, lead: 55, silence: 300}
}

func bell() sent {
	return sent{mark: 1200, space: 2200, dbm0: -15, baud: 1200, seizure: 300, lead: 180, silence: 300}
}

func (s sent) sound(message []byte) linetest.Sound {
	var bits []bool
	for i := range s.seizure {
		bits = append(bits, i%2 == 1)
	}
	marks := func(n int) {
		for range n {
			bits = append(bits, true)
		}
	}
	marks(s.lead)
	for _, b := range message {
		bits = append(bits, false)
		for k := range 8 {
			bits = append(bits, b>>k&1 == 1)
		}
		marks(1 + s.stuffing)
	}
	marks(5)
	out := linetest.Sound{}.Silence(s.silence)
	phase := 0.0
	for i := 0; ; i++ {
		k := int(float64(i) * s.baud / linetest.Rate)
		if k >= len(bits) {
			return out.Silence(300)
		}
		f, a := s.space, linetest.Amplitude(s.dbm0+s.twist)
		if bits[k] {
			f, a = s.mark, linetest.Amplitude(s.dbm0)
		}
		out = append(out, a*math.Sin(phase))
		phase += 2 * math.Pi * f / linetest.Rate
	}
}

// sealed adds length and checksum.
func sealed(kind byte, content ...byte) []byte {
	m := append([]byte{kind, byte(len(content))}, content...)
	var sum byte
	for _, b := range m {
		sum += b
	}
	return append(m, -sum)
}

func field(kind byte, v string) []byte { return append([]byte{kind, byte(len(v))}, v...) }

var (
	message = sealed(multiple, slices.Concat(field(callType, "\x01"), field(dateTime, "11212329"),
		field(number, "01632960001"), field(name, "SMITH & SON"))...)
	caller = Caller{Number: "01632960001", Name: "SMITH & SON", Presentation: Allowed, When: "11212329", CallType: 1}
)

func heard(p []int16) (r []Received) {
	d := New()
	for len(p) > 0 {
		n := min(163, len(p))
		d.Step(p[:n], func(c Received) { r = append(r, c) })
		p = p[n:]
	}
	return r
}

func right(r []Received) bool { return len(r) == 1 && r[0].Caller == caller }

func TestBothStandards(t *testing.T) {
	for name, base := range map[string]sent{"V.23": bt(), "Bell 202": bell()} {
		for _, dbm0 := range []float64{-3, -15, -25, -36} {
			for _, twist := range []float64{-8, -4, 0, 4} {
				for _, off := range []float64{-0.01, 0, 0.01} {
					for _, baud := range []float64{1188, 1200, 1212} {
						s := base
						s.dbm0, s.twist, s.baud = dbm0, twist, baud
						s.mark, s.space = s.mark*(1+off), s.space*(1+off)
						s.silence += 0.7 * (dbm0 + twist + 44)
						if r := heard(s.sound(message).PCM()); !right(r) {
							t.Errorf("%s, %+v: heard %d", name, s, len(r))
						}
					}
				}
			}
		}
	}
}

func TestInNoise(t *testing.T) {
	for name, s := range map[string]sent{"V.23": bt(), "Bell 202": bell()} {
		for _, c := range []struct {
			snr  float64
			want int // of 50
		}{{20, 50}, {15, 50}, {12, 48}, {10, 40}} {
			ok := 0
			for i := range 50 {
				s.silence = 200 + 1.1*float64(i)
				if right(heard(s.sound(message).Noise(s.dbm0-c.snr, uint64(i)).PCM())) {
					ok++
				}
			}
			t.Logf("%s, noise %g dB under: %d of 50", name, c.snr, ok)
			if ok < c.want {
				t.Errorf("%s, noise %g dB under: %d of 50, want %d", name, c.snr, ok, c.want)
			}
		}
	}
}

func TestHum(t *testing.T) {
	s := bt().sound(message)
	for i, v := range (linetest.Sound{}).Tones(float64(len(s))/8+1, 50, -8, 150, -20)[:len(s)] {
		s[i] += v
	}
	if r := heard(s.PCM()); !right(r) {
		t.Errorf("under loud hum: heard %d", len(r))
	}
}

// TestShapes: what senders do differently.
func TestShapes(t *testing.T) {
	short := bt()
	short.seizure = 0
	stuffed := bell()
	stuffed.stuffing = 10
	long := bt()
	long.lead = 600
	joined := bt().sound(message).PCM()
	for name, p := range map[string][]int16{
		"no seizure":          short.sound(message).PCM(),
		"mark between bytes":  stuffed.sound(message).PCM(),
		"half a second mark":  long.sound(message).PCM(),
		"joined in the mark":  joined[(300+80)*8:],
		"after an alert tone": append(linetest.Sound{}.Silence(200).Tones(100, 2130, -18, 2750, -18), bt().sound(message)...).PCM(),
		"after rings":         append(linetest.Sound{}.Tones(2000, 25, 0), bt().sound(message)...).PCM(),
		"after speech":        append(linetest.Sound{}.Silence(100).Noise(-20, 1), bt().sound(message)...).PCM(),
	} {
		if r := heard(p); !right(r) {
			t.Errorf("%s: heard %d", name, len(r))
		}
	}
}

func TestDated(t *testing.T) {
	for name, s := range map[string]sent{"V.23": bt(), "Bell 202": bell()} {
		r := heard(s.sound(message).PCM())
		if len(r) != 1 || r[0].At < 2400-160 || r[0].At > 2400+160 {
			t.Errorf("%s: %d heard, the first at %v; want 2400", name, len(r), r[0].At)
		}
	}
}

// TestTwoCalls: a second transmission is heard like the first.
func TestTwoCalls(t *testing.T) {
	s := bt().sound(message)
	if r := heard(append(s, s...).PCM()); len(r) != 2 || r[0].Caller != r[1].Caller {
		t.Errorf("heard %d of 2", len(r))
	}
}

// TestDamaged: no message that was damaged on its way gets through with another number.
func TestDamaged(t *testing.T) {
	s := bt().sound(message)
	for at := 2400; at < len(s)-1600; at += 97 {
		p := slices.Clone(s)
		for i := range 60 {
			p[at+i] = 0
		}
		for _, r := range heard(p.PCM()) {
			if r.Caller != caller {
				t.Errorf("cut at sample %d: another caller was heard", at)
			}
		}
	}
}

func TestNoCallerInSpeech(t *testing.T) {
	var seconds float64
	n := 0
	linetest.Speech(t, func(file string, p []int16) {
		seconds += float64(len(p)) / linetest.Rate
		n += len(heard(p))
	})
	t.Logf("%d false callers in %.2f hours of speech", n, seconds/3600)
	if n > 0 {
		t.Error("callers heard in speech")
	}
}

func TestAnySplit(t *testing.T) {
	p := bt().sound(message).Noise(-40, 2).PCM()
	want := heard(p)
	for _, n := range []int{1, 7, 39, 40, 41, 1600} {
		d := New()
		var got []Received
		linetest.Split(p, n, func(piece []int16) {
			d.Step(piece, func(r Received) { got = append(got, r) })
		})
		if !slices.Equal(got, want) {
			t.Errorf("in pieces of %d: heard %d, want %d", n, len(got), len(want))
		}
	}
}

// TestStepAllocatesNothing, but for the texts of what it emits.
func TestStepAllocatesNothing(t *testing.T) {
	p := bt().sound(message[:len(message)-1]).PCM()
	d := New()
	if n := testing.AllocsPerRun(10, func() { d.Step(p, func(Received) {}) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

func FuzzPCM(f *testing.F) {
	linetest.Fuzz(f, bt().sound(sealed(single, []byte("11212329P")...)).PCM(), func(t *testing.T, p []int16) {
		d := New()
		for range 2 {
			d.Step(p, func(r Received) {
				if r.At < 0 || r.At > pcm.Pos(2*len(p)) {
					t.Errorf("a caller at %d of %d samples", r.At, 2*len(p))
				}
			})
		}
	})
}

func BenchmarkSecond(b *testing.B) {
	for _, c := range []struct {
		name string
		pcm  []int16
	}{
		{"speech", linetest.Minutes(b)},
		{"silence", make([]int16, 2*linetest.Rate)},
		{"message", bell().sound(append(message, make([]byte, 200)...)).PCM()},
	} {
		b.Run(c.name, func(b *testing.B) {
			d := New()
			linetest.Seconds(b, c.pcm, func(second []int16) { d.Step(second, func(Received) {}) })
		})
	}
}
