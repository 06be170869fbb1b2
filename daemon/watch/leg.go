package watch

import "math"

// leg is one party's side of a line.
type leg struct {
	// The block that is not complete.
	sum  int64
	tops int // samples at the ceiling

	levels [levels]int // blocks of the call by level, dB below full scale
	count  int         // blocks of the call
	top    int         // blocks of the call with clipped samples

	// Over calls, until there is enough to judge by.
	speech  float64 // power, summed over blocks with speech
	spoken  int     // blocks with speech
	clipped int
	deaf    int // calls on end in which this leg had no sound and the other had

	env    [window]float32 // level of the newest blocks, a ring by slot
	newest int64           // slot
	raw    []int16         // the newest samples, a ring
	next   int
	filled int
}

const (
	levels    = 91
	window    = 400 // blocks in which lines are compared: 8 s
	ceiling   = 32000
	fullScale = 32768 * 32768
)

// take adds n samples, which are so many apart.
func (l *leg) take(s []int16, apart, n int) {
	raw, next, sum, tops := l.raw, l.next, l.sum, l.tops
	for i := range n {
		v := s[i*apart]
		sum += int64(v) * int64(v)
		if v >= ceiling || v <= -ceiling {
			tops++
		}
		raw[next] = v
		if next++; next == len(raw) {
			next = 0
		}
	}
	l.next, l.sum, l.tops = next, sum, tops
	l.filled = min(l.filled+n, len(raw))
}

// complete ends a block of n samples, which ended in that slot of time.
func (l *leg) complete(slot int64, n int) {
	db := -90.0
	if l.sum > 0 {
		db = max(db, 10*math.Log10(float64(l.sum)/float64(n)/fullScale))
	}
	l.levels[int(-min(0, db))]++
	l.count++
	if l.tops > clipSamples {
		l.top++
	}
	l.sum, l.tops = 0, 0
	if slot-l.newest > window || l.newest == 0 {
		l.newest = max(0, slot-window)
	}
	for l.newest < slot { // what is missing in between was quiet
		l.newest++
		l.env[l.newest%window] = float32(db)
	}
}

// forget ends the call.
func (l *leg) forget() {
	clear(l.levels[:])
	clear(l.raw)
	l.count, l.top, l.sum, l.tops, l.newest, l.filled, l.next = 0, 0, 0, 0, 0, 0, 0
}

// above is the level that a share of the call's blocks is above.
func (l *leg) above(share float64) float64 {
	n, want := 0, int(share*float64(l.count))
	for db, blocks := range l.levels {
		if n += blocks; n > want {
			return -float64(db)
		}
	}
	return -(levels - 1)
}

// talk is how many blocks of the call have speech in them, and their power together. What has no ups and downs
// is no speech.
func (l *leg) talk() (blocks int, power float64) {
	loud, soft := l.above(loudShare), l.above(softShare)
	if loud-soft < liveliness || loud < inaudible {
		return 0, 0
	}
	for db, n := range l.levels {
		if -float64(db) >= loud-below {
			blocks += n
			power += float64(n) * math.Pow(10, -float64(db)/10)
		}
	}
	return blocks, power
}

// dead reports whether nothing at all was heard on the leg.
func (l *leg) dead() bool {
	loud := l.above(peakShare)
	return loud < inaudible || loud < faint && loud-l.above(0.5) < steadiness
}
