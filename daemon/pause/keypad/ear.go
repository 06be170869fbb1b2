package keypad

import (
	"math"
	"strings"
	"time"

	"linevault/codec/dsp/dtmf"
	"linevault/codec/pcm"
)

// Detectors listen at 8 kHz, in steps of 5 ms.
const (
	rate       = 8000
	stepLength = 40
	memory     = 12 // steps that are looked back on: 60 ms
)

const (
	// share of a step's energy that must be of the digit's two tones for the press to go on.
	// A step is too short to tell neighbouring tones apart; it need not.
	share = 0.3
	// endOfPress is how many steps without it end a press: the detector takes no new press
	// of the same digit for 25 ms.
	endOfPress = 6
	// louder is how much stronger a digit must be on the near leg than on the far one to be
	// the agent's: 6 dB. A line's far leg leaks into the near one, and must not dial codes.
	louder = 4.0
	// together is how near to each other one digit begins on both legs.
	together = 60 * time.Millisecond
	// faint is the least energy of a step that may be a digit: both tones of amplitude 110.
	faint = 110 * 110 * stepLength
)

// ear listens to one leg.
type ear struct {
	detector *dtmf.Detector
	halve    bool
	before   int32 // the last sample at 16 kHz
	steps    [memory][stepLength]int16
	at       int // the newest of steps

	symbol byte    // being pressed; 0 if none
	newest byte    // the last one that was
	from   pcm.Pos // where it began
	power  float64 // its loudest step
	last   pcm.Pos // everything of it before is known
	heard  pcm.Pos // everything of it that was heard ends before
	silent int     // steps since it was heard
	run    run
}

func newEar(f pcm.Format, near bool) *ear {
	return &ear{detector: dtmf.New(), halve: f.Rate == 2*rate, run: run{length: f.Samples(inARow), near: near}}
}

func (e *ear) restart() {
	*e = ear{detector: e.detector, halve: e.halve, run: run{length: e.run.length, near: e.run.near}}
	e.detector.Reset()
}

func (e *ear) step() []int16 { return e.steps[e.at][:] }

// take brings one step of one leg down to 8 kHz. The filter takes 1 dB off the highest tone,
// and leaves little of what would fold onto the tones.
func (e *ear) take(in []int16, leg, legs int) {
	e.at = (e.at + 1) % memory
	to := &e.steps[e.at]
	if !e.halve {
		for i := range to {
			to[i] = in[i*legs+leg]
		}
		return
	}
	for i := range to {
		a, b := int32(in[2*i*legs+leg]), int32(in[(2*i+1)*legs+leg])
		to[i] = int16((e.before + 2*a + b) / 4)
		e.before = b
	}
}

// sounds reports whether the newest step is mostly of a digit's tones.
func (e *ear) sounds(symbol byte) bool {
	tones, all := power(e.step(), symbol)
	return all >= faint/4 && tones >= share*all
}

// loudest is the most power of a digit's tones in what is remembered.
func (e *ear) loudest(symbol byte) float64 {
	most := 0.0
	for i := range e.steps {
		tones, _ := power(e.steps[i][:], symbol)
		most = max(most, tones)
	}
	return most
}

const symbols = "123A456B789C*0#D"

var (
	rows    = [4]float64{697, 770, 852, 941}
	columns = [4]float64{1209, 1336, 1477, 1633}
)

// power is the energy of a digit's two tones in s, and all of it.
func power(s []int16, symbol byte) (tones, all float64) {
	k := strings.IndexByte(symbols, symbol)
	for _, v := range s {
		all += float64(v) * float64(v)
	}
	return goertzel(s, rows[k/4]) + goertzel(s, columns[k%4]), all
}

// goertzel is the energy of a frequency in s.
func goertzel(s []int16, hz float64) float64 {
	c := 2 * math.Cos(2*math.Pi*hz/rate)
	var x, y float64
	for _, v := range s {
		x, y = float64(v)+c*x-y, x
	}
	return (x*x + y*y - c*x*y) * 2 / float64(len(s))
}
