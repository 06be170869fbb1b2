package watch

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"linevault/codec"
	"linevault/codec/codectest"
	"linevault/codec/opus"
	"linevault/codec/pcm"
	"linevault/daemon/health"
)

// BenchmarkWatch is a second of 120 lines on which all speak: heard, compared, and, for scale, encoded.
func BenchmarkWatch(b *testing.B) {
	const lines = 120
	speech := codectest.Speech(b, 8000*60*10)
	second := func(line, s int) pcm.Frame {
		f := pcm.Frame{Pos: pcm.Pos(8000 * s), Format: stereo, PCM: make([]int16, 16000)}
		for k := range 8000 {
			f.PCM[2*k] = speech[(line*39000+s*8000+k)%len(speech)]
			f.PCM[2*k+1] = speech[(line*57000+s*8000+k+1_000_000)%len(speech)]
		}
		return f
	}
	w := New(health.NewBoard(slog.New(slog.DiscardHandler)))
	var ears []*Ear
	for i := range lines {
		ears = append(ears, w.Line(pcm.LineID(fmt.Sprint(i)), "", stereo, Options{}))
		ears[i].Began()
		for s := range 10 {
			ears[i].Add(second(i, s), pcm.Mono(time.Duration(s)*time.Second))
		}
	}
	b.Run("hear", func(b *testing.B) {
		f := second(0, 10)
		defer report(b, 1)()
		for s := range b.N {
			for _, e := range ears {
				e.Add(f, pcm.Mono(time.Duration(10+s)*time.Second))
			}
		}
	})
	for i := range ears {
		for s := range 10 {
			ears[i].Add(second(i, s), pcm.Mono(time.Duration(1_000_000+s)*time.Second))
		}
	}
	b.Run("compare", func(b *testing.B) {
		defer report(b, int(lookEach/time.Second))()
		for range b.N {
			w.Compare()
		}
	})
	b.Run("encode", func(b *testing.B) {
		enc, err := opus.NewEncoder(stereo)
		if err != nil {
			b.Fatal(err)
		}
		defer enc.Close()
		if err := enc.SetComplexity(5); err != nil {
			b.Fatal(err)
		}
		f := second(3, 3)
		defer report(b, 1)()
		for range b.N {
			for range lines {
				if err := enc.Encode(f, func(codec.Packet) error { return nil }); err != nil {
					b.Fatal(err)
				}
				f.Pos += 8000
			}
		}
	})
}

// report reports the processor's time, whatever else the machine does, that a second of all lines took.
func report(b *testing.B, seconds int) func() {
	used := func() time.Duration {
		var r unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
			b.Fatal(err)
		}
		return time.Duration(r.Utime.Nano() + r.Stime.Nano())
	}
	began := used()
	return func() {
		b.ReportMetric(float64((used()-began).Microseconds())/float64(b.N*seconds), "cpu-us/s")
	}
}
