package fsk

import (
	"math"

	"linevault/codec/dsp/internal/correlate"
	"linevault/codec/pcm"
)

// standard is the frequencies of one way to send bits at 1200 baud.
type standard struct{ mark, space float64 }

const (
	v23 = iota
	bell202
)

var standards = [2]standard{
	v23:     {mark: 1300, space: 2100},
	bell202: {mark: 1200, space: 2200},
}

const (
	bit   = float64(correlate.Rate) / 1200 // samples
	taps  = 7                              // of a correlator one bit long
	tails = taps - 1

	// maxBad is how many bytes that are none, or that begin no message, are put up with
	// before the mark that was heard counts as a mistake.
	maxBad = 8
	// maxOn is how long a transmission may last: the longest message takes 2.15 s, and
	// senders may pause between bytes.
	maxOn = 5 * correlate.Rate
	// learning is how much of what a byte's start and stop bits say of the middle is believed.
	// Lines lose up to some 8 dB more of space than of mark.
	learning = 0.5
	// lost is the share of the mark's energy below which the carrier is gone, and lostFor
	// for how many blocks.
	lost    = 1. / 16
	lostFor = 3
)

// kernel correlates one bit's length with one frequency.
type kernel struct{ cos, sin [taps]float32 }

var kernels = func() (k [len(standards)][2]kernel) {
	for s, f := range standards {
		for t, hz := range [2]float64{f.mark, f.space} {
			w := 2 * math.Pi * hz / correlate.Rate
			// The level that the detector's filter took from or gave to this frequency.
			gain := 2 * math.Sin(w)
			for i := range taps {
				weight := 1 / gain
				if i == 0 || i == tails {
					weight *= (bit - (taps - 2)) / 2 // a bit is 6.67 samples
				}
				k[s][t].cos[i] = float32(weight * math.Cos(w*float64(i)))
				k[s][t].sin[i] = float32(weight * math.Sin(w*float64(i)))
			}
		}
	}
	return k
}()

// magnitude is of the last samples of x.
func (k *kernel) magnitude(x []float32) float32 {
	x = x[:taps]
	var re, im float32
	for i, v := range x {
		re += v * k.cos[i]
		im += v * k.sin[i]
	}
	return float32(math.Sqrt(float64(re*re + im*im)))
}

// modem turns audio into bytes and bytes into a message, from a mark to the end of the carrier.
type modem struct {
	on     bool
	kernel *[2]kernel
	at     pcm.Pos // where the transmission began
	energy float32 // of a block of mark
	quiet  int     // blocks in a row without a carrier
	n      int     // samples since the start
	tail   [tails]float32
	last   float32 // how much more mark than space there was a sample ago

	middle float32 // how much more mark than space there is half-way between them
	low    float32 // below that in the byte's start bit

	receiving bool    // a byte
	edge      float64 // where its start bit begins, in samples
	bits      int     // of it that are known
	value     uint16
	bad       int

	length  int // bytes of message
	message [maxMessage]byte
}

func (m *modem) start(s int, energy float32, at pcm.Pos) {
	*m = modem{on: true, kernel: &kernels[s], at: at, energy: energy}
}

func (m *modem) step(b *correlate.Block, emit func(Received)) {
	if b.Energy() < lost*m.energy {
		m.quiet++
	} else {
		m.quiet = 0
	}
	if m.quiet >= lostFor || m.n > maxOn {
		m.on = false
		return
	}
	var x [tails + correlate.Len]float32
	copy(x[:], m.tail[:])
	copy(x[tails:], b[:])
	for i := 0; i < correlate.Len && m.on; i++ {
		m.sample(m.kernel[0].magnitude(x[i:])-m.kernel[1].magnitude(x[i:])-m.middle, emit)
	}
	copy(m.tail[:], x[correlate.Len:])
}

// sample takes how much more mark than space there is now, in sample m.n.
func (m *modem) sample(now float32, emit func(Received)) {
	switch {
	case !m.receiving && m.last > 0 && now <= 0:
		m.receiving, m.bits, m.value = true, 0, 0
		m.edge = float64(m.n) - float64(now/(now-m.last))
	case m.receiving:
		// All that is between two samples is a straight line.
		if at := m.edge + (float64(m.bits)+0.5)*bit; float64(m.n) >= at {
			back := float32(float64(m.n) - at)
			m.bit(now-(now-m.last)*back, emit)
		}
	}
	m.last = now
	m.n++
}

// bit takes a bit of a byte: start, eight of data from the lowest, stop.
func (m *modem) bit(level float32, emit func(Received)) {
	const start, stop = 0, 9
	mark := level > 0
	if mark && m.bits != start {
		m.value |= 1 << (m.bits - 1)
	}
	switch {
	case m.bits == start && mark:
		m.receiving = false // a click, not a start bit
	case m.bits == stop && !mark:
		m.receiving = false
		m.reject()
	case m.bits == stop:
		m.receiving = false
		m.middle += learning * (level + m.low) / 2
		m.byte(byte(m.value), emit)
	default:
		if m.bits == start {
			m.low = level
		}
		m.bits++
	}
}

// reject takes note of a byte that is none. Inside a message that is the end of it.
func (m *modem) reject() {
	m.bad++
	m.on = m.length == 0 && m.bad < maxBad
}

func (m *modem) byte(b byte, emit func(Received)) {
	if m.length == 0 && !known(b) {
		m.reject()
		return
	}
	m.message[m.length] = b
	m.length++
	if m.length < 2 || m.length < int(m.message[1])+overhead {
		return
	}
	m.on = false
	// A message that does not parse is noise or not about a caller: there is nobody to tell.
	if c, err := Parse(m.message[:m.length]); err == nil {
		emit(Received{At: m.at, Caller: c})
	}
}
