package watch

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"linevault/codec/codectest"
	"linevault/codec/g711"
	"linevault/codec/pcm"
	"linevault/daemon/health"
)

var stereo = pcm.Format{Rate: 8000, Legs: 2}

// talk is two parties who speak in turns, over line noise, in A-law.
type talk struct {
	speech [2][]int16
	rng    *rand.Rand
	turn   int
	left   int
	at     [2]int
}

func newTalk(speech []int16, seed uint64) *talk {
	t := &talk{rng: rand.New(rand.NewPCG(seed, 7))}
	for i := range t.speech {
		t.speech[i] = speech
		t.at[i] = t.rng.IntN(len(speech))
	}
	return t
}

// next is n samples of both legs.
func (t *talk) next(n int) (legs [2][]int16) {
	for i := range legs {
		legs[i] = make([]int16, n)
		for k := range legs[i] {
			legs[i][k] = int16(t.rng.NormFloat64() * 10)
		}
	}
	for k := range n {
		if t.left == 0 {
			t.turn, t.left = 1-t.turn, 8000+t.rng.IntN(5*8000)
		}
		t.left--
		legs[t.turn][k] += t.speech[t.turn][t.at[t.turn]] / 2
		t.at[t.turn] = (t.at[t.turn] + 1) % len(t.speech[t.turn])
	}
	return legs
}

// bench is lines on which calls go on, with sound as a fault makes it.
type bench struct {
	t      *testing.T
	w      *Watch
	board  *health.Board
	ears   []*Ear
	talks  []*talk
	now    time.Time
	spoil  func(all [][2][]int16) // what a fault makes of a second of all lines
	skewed []time.Duration        // by which a line's stamps are wrong
}

func newBench(t *testing.T, lines int) *bench {
	board := health.NewBoard(slog.New(slog.DiscardHandler))
	b := &bench{t: t, w: New(board), board: board, now: time.Unix(1_790_000_000, 0), skewed: make([]time.Duration, lines)}
	speech := codectest.Speech(t, 8000*60*20)
	for i := range lines {
		b.ears = append(b.ears, b.w.Line(pcm.LineID(fmt.Sprintf("line-%d", i)), fmt.Sprintf("Line %d", i), stereo, Options{}))
		b.talks = append(b.talks, newTalk(speech, uint64(i)))
	}
	return b
}

// run lets calls of so many seconds go on, on all lines at once.
func (b *bench) run(calls, seconds int) {
	for range calls {
		for _, e := range b.ears {
			e.Began()
		}
		for s := range seconds {
			all := make([][2][]int16, len(b.ears))
			for i := range b.ears {
				all[i] = b.talks[i].next(8000)
			}
			if b.spoil != nil {
				b.spoil(all)
			}
			at := pcm.Mono(b.now.UnixNano())
			for i, e := range b.ears {
				f := pcm.Frame{Format: stereo, PCM: make([]int16, 16000)}
				for leg := range 2 {
					code := make([]byte, 8000)
					g711.EncodeA(code, all[i][leg])
					g711.DecodeA(all[i][leg], code)
					for k, v := range all[i][leg] {
						f.PCM[2*k+leg] = v
					}
				}
				e.Add(f, at+pcm.Mono(b.skewed[i]))
			}
			b.now = b.now.Add(time.Second)
			if s%8 == 7 {
				b.w.compare(b.now)
			}
		}
		for _, e := range b.ears {
			e.End()
		}
	}
}

// want fails the test unless those alarms are on, and no others.
func (b *bench) want(when string, keys ...string) {
	b.t.Helper()
	var on []string
	for _, a := range b.board.Alarms() {
		on = append(on, a.Key)
	}
	slices.Sort(on)
	if !slices.Equal(on, keys) {
		b.t.Errorf("%s: alarms %q, want %q", when, on, keys)
	}
}

func amplify(x []int16, gain float64) {
	for i, v := range x {
		x[i] = int16(max(-32768, min(32767, float64(v)*gain)))
	}
}

func mix(to, from []int16, gain float64) {
	for i, v := range from {
		to[i] = int16(max(-32768, min(32767, float64(to[i])+float64(v)*gain)))
	}
}
