package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/cmplx"
	"os"
	"path/filepath"
	"slices"

	"linevault/codec/g711"
	"linevault/codec/pcm"
	"linevault/codec/wav"
)

// recorded is what is looked at of a call, as `linevault calls --json` prints it.
type recorded struct {
	ID        string  `json:"id"`
	Line      string  `json:"line"`
	Direction string  `json:"direction"`
	FarNumber string  `json:"far_number"`
	Length    float64 `json:"length"`
	Recorded  float64 `json:"recorded"`
}

// placed is a recording that exchange.c must have caused.
type placed struct {
	slot   int
	number string
	least  float64 // seconds
}

// glareLoser is whom the switchboard calls on the timeslot that the network takes at the same time.
const glareLoser = "01632960302"

// all is what the exchange plays: thirty at once, glare, a call that moves, and one through a lost D-channel.
func all() []placed {
	calls := []placed{
		{14, "1632960301", 2}, {20, "1632960303", 2}, {21, "1632960303", 2}, {18, "1632960304", 10},
	}
	for _, s := range timeslots() {
		calls = append(calls, placed{s, fmt.Sprintf("16329601%02d", s), 5.5})
	}
	return calls
}

// judge compares every recording with what was said on its timeslot, and on all the others.
func judge(said speech, folder string) error {
	calls, err := readCalls(filepath.Join(folder, "calls.json"))
	if err != nil {
		return err
	}
	voices := newVoices(said)
	faults := 0
	fault := func(format string, args ...any) {
		faults++
		fmt.Printf("FAULT "+format+"\n", args...)
	}
	own, other := math.Inf(1), 0.0
	for _, want := range all() {
		i := slices.IndexFunc(calls, func(c recorded) bool {
			return c.Line == lineName(want.slot) && c.FarNumber == want.number
		})
		if i < 0 {
			fault("no recording on timeslot %d of the call of %s", want.slot, want.number)
			continue
		}
		c := calls[i]
		calls = slices.Delete(calls, i, i+1)
		if c.Direction != "in" || c.Length < want.least || c.Recorded < c.Length-0.001 {
			fault("timeslot %d, %s: %s, %.3f s of %.3f s recorded, want in, all of at least %g s",
				want.slot, want.number, c.Direction, c.Recorded, c.Length, want.least)
		}
		sound, format, err := wav.ReadFile(filepath.Join(folder, c.ID+".wav"))
		if err != nil || format.Legs != 2 {
			fault("timeslot %d: %d legs, %v", want.slot, format.Legs, err)
			continue
		}
		for leg, who := range [2]int{pcm.Near: switchboard, pcm.Far: network} {
			mine, best, next := voices.match(sound, leg, want.slot, who)
			if mine < 0.9 || next > 0.6 {
				fault("timeslot %d, leg %d: correlates %.3f with its own speech, and %.3f with %s", want.slot, leg, mine, next, best)
			}
			own, other = min(own, mine), max(other, next)
		}
	}
	// The call that lost the glare had no timeslot: it is accounted for, and nothing of it is recorded.
	loser := slices.IndexFunc(calls, func(c recorded) bool {
		return c.Line == "card-isdn" && c.FarNumber == glareLoser && c.Direction == "out" && c.Recorded == 0
	})
	if loser < 0 {
		fault("the call of %s, which lost the glare, is not accounted for", glareLoser)
	} else {
		calls = slices.Delete(calls, loser, loser+1)
	}
	for _, c := range calls {
		fault("a recording that nobody caused: %+v", c)
	}
	fmt.Printf("JUDGED %d recordings: own speech at least %.3f, any other at most %.3f, %d faults\n", len(all()), own, other, faults)
	if faults > 0 {
		return errors.New("the recordings are not what was said")
	}
	return nil
}

func readCalls(file string) (calls []recorded, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for s := bufio.NewScanner(bytes.NewReader(b)); s.Scan(); {
		var c recorded
		if err := json.Unmarshal(s.Bytes(), &c); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		calls = append(calls, c)
	}
	return calls, nil
}

// The comparison is of every fourth sample, after a low pass: enough to know a voice by.
const (
	fewer  = 4
	period = piece / fewer
	window = 1 << 12 // of a recording: two seconds
	size   = 1 << 14 // of the transform: a period and a window
)

// voices is what everybody says, ready to be compared.
type voices struct {
	spectrum [pieces][]complex128
	energy   [pieces][]float64 // of all samples before
	slot     [pieces]int
	who      [pieces]int
}

func newVoices(said speech) *voices {
	v := &voices{}
	i := 0
	for _, slot := range timeslots() {
		for who := range 2 {
			linear := make([]int16, piece)
			g711.DecodeA(linear, said.of(slot, who))
			once := thin(linear, 0, 1)
			x := make([]complex128, size)
			v.energy[i] = make([]float64, period+window+1)
			for k := range period + window {
				s := once[k%period]
				x[k] = complex(s, 0)
				v.energy[i][k+1] = v.energy[i][k] + s*s
			}
			transform(x, false)
			v.spectrum[i], v.slot[i], v.who[i] = x, slot, who
			i++
		}
	}
	return v
}

// thin gives the mean of every four samples of one leg, without their own mean.
func thin(sound []int16, leg, legs int) []float64 {
	out := make([]float64, len(sound)/legs/fewer)
	mean := 0.0
	for i := range out {
		for k := range fewer {
			out[i] += float64(sound[(i*fewer+k)*legs+leg])
		}
		mean += out[i] / float64(len(out))
	}
	for i := range out {
		out[i] -= mean
	}
	return out
}

// match correlates a leg with what was said there, and gives the other voice that it is most like. A
// recording may begin between two of the samples that are compared, so it is tried at all four phases.
func (v *voices) match(sound []int16, leg, slot, who int) (mine float64, best string, next float64) {
	for phase := range fewer {
		heard := thin(sound[2*phase:], leg, 2)
		from := max(0, min(rate/2/fewer, len(heard)-window))
		heard = heard[from:min(from+window, len(heard))]
		x := make([]complex128, size)
		power := 0.0
		for i, s := range heard {
			x[i] = complex(s, 0)
			power += s * s
		}
		transform(x, false)
		for i := range pieces {
			own := v.slot[i] == slot && v.who[i] == who
			if phase%2 == 1 && !own { // next to enough for telling others apart
				continue
			}
			peak := v.peak(i, x, len(heard), power)
			switch {
			case own:
				mine = max(mine, peak)
			case peak > next:
				next, best = peak, fmt.Sprintf("timeslot %d, speaker %d", v.slot[i], v.who[i])
			}
		}
	}
	return mine, best, next
}

// peak is the best correlation of a voice with n samples, given by their spectrum and power.
func (v *voices) peak(voice int, spectrum []complex128, n int, power float64) (peak float64) {
	y := make([]complex128, size)
	for k := range y {
		y[k] = v.spectrum[voice][k] * cmplx.Conj(spectrum[k])
	}
	transform(y, true)
	for lag := range period {
		e := v.energy[voice][lag+n] - v.energy[voice][lag]
		if e > 0 && power > 0 {
			peak = max(peak, real(y[lag])/math.Sqrt(e*power))
		}
	}
	return peak
}

// transform is Fourier's, in place; the inverse is scaled.
func transform(x []complex128, inverse bool) {
	n := len(x)
	for i, j := 1, 0; i < n; i++ {
		bit := n >> 1
		for ; j&bit != 0; bit >>= 1 {
			j ^= bit
		}
		if j ^= bit; i < j {
			x[i], x[j] = x[j], x[i]
		}
	}
	for length := 2; length <= n; length <<= 1 {
		angle := -2 * math.Pi / float64(length)
		if inverse {
			angle = -angle
		}
		turns := make([]complex128, length/2)
		for k := range turns {
			turns[k] = cmplx.Rect(1, angle*float64(k))
		}
		for i := 0; i < n; i += length {
			for k, w := range turns {
				a, b := x[i+k], x[i+k+length/2]*w
				x[i+k], x[i+k+length/2] = a+b, a-b
			}
		}
	}
	if inverse {
		for i := range x {
			x[i] /= complex(float64(n), 0)
		}
	}
}
