package linetest

import (
	"math"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/link"
)

// together is how near to each other two lines must react to be suspected of hearing one circuit.
const together = 1500 * time.Millisecond

// While somebody speaks on one leg, its levels go up and down with the syllables. Another leg hears the
// same if its own do so alike over so many statuses; unrelated speech at the same time does not.
const (
	fewest = 28
	alike  = 0.92
	// shift is by how many statuses two lines may be apart: each publishes in its own time.
	shift = 2
	// low is the least that is told apart: silence has no syllables.
	low = -60
)

// mostLevels bounds what is kept of each leg: a minute.
const mostLevels = 600

// company watches the other lines of the box: whether one of them reacts where ours should,
// or hears what ours hears.
type company struct {
	rung    time.Time // when the tester was asked to ring
	began   time.Time // when our call began; zero if it has not
	ended   time.Time
	others  map[pcm.LineID]*neighbour
	levels  [pcm.MaxLegs][]float64 // ours, while we speak
	talking bool
}

// neighbour is another line.
type neighbour struct {
	name         string
	live         bool
	began, ended time.Time // since the tester was asked to ring
	levels       [pcm.MaxLegs][]float64
}

func (c *company) ring(at time.Time) {
	c.rung, c.began, c.ended = at, time.Time{}, time.Time{}
	for _, n := range c.others {
		n.began, n.ended = time.Time{}, time.Time{}
	}
}

// live reports whether a call goes on, also one that is not to be recorded.
func live(s link.State) bool {
	return s == link.Recording || s == link.Paused || s == link.Excluded || s == link.Unrecorded
}

func (c *company) observe(at time.Time, before, now link.LineState, others []link.LineState) {
	if c.others == nil {
		c.others = map[pcm.LineID]*neighbour{}
	}
	if c.began.IsZero() && live(now.State) && !c.rung.IsZero() {
		c.began = at
	}
	if live(before.State) && now.State == link.Idle {
		c.ended = at
	}
	full := len(now.Levels) == 0 || !c.talking || len(c.levels[0]) >= mostLevels
	if !full {
		for leg, v := range now.Levels {
			c.levels[leg] = append(c.levels[leg], v)
		}
	}
	for _, o := range others {
		n := c.others[o.Line]
		if n == nil {
			n = &neighbour{name: o.Name, live: live(o.State)}
			c.others[o.Line] = n
		}
		switch is := live(o.State); {
		case is && !n.live && !c.rung.IsZero():
			n.began = at
		case !is && n.live && !n.began.IsZero():
			n.ended = at
		}
		n.live = live(o.State)
		if full {
			continue
		}
		for leg := range n.levels {
			v := -90.0 // a leg that is not there, or is paused, is like nobody's
			if leg < len(o.Levels) {
				v = o.Levels[leg]
			}
			n.levels[leg] = append(n.levels[leg], v)
		}
	}
}

// instead is the name of a line that began a call although ours was rung and did not.
func (c *company) instead() string {
	for _, n := range c.others {
		if !n.began.IsZero() {
			return n.name
		}
	}
	return ""
}

// double is the name of a line that hears what ours hears; or, where too little was spoken to tell,
// that began and ended a call with it.
func (c *company) double() (name string, heard bool) {
	for _, n := range c.others {
		compared := false
		for ours := range c.levels {
			for theirs := range n.levels {
				like, of := likeness(c.levels[ours], n.levels[theirs])
				if of >= fewest && like >= alike {
					return n.name, true
				}
				compared = compared || of >= fewest
			}
		}
		if !compared && near(n.began, c.began) && near(n.ended, c.ended) {
			name = n.name
		}
	}
	return name, false
}

// compared reports whether enough was spoken to compare the sound.
func (c *company) compared() bool {
	for _, l := range c.levels {
		if _, of := likeness(l, l); of >= fewest {
			return true
		}
	}
	return false
}

func near(a, b time.Time) bool {
	return !a.IsZero() && !b.IsZero() && a.Sub(b).Abs() <= together
}

// likeness is how alike two legs sound while somebody speaks on the first, wherever within shift they
// fit best, and over how many statuses.
func likeness(a, b []float64) (best float64, of int) {
	for k := -shift; k <= shift; k++ {
		var x, y []float64
		for i, v := range a {
			if j := i + k; v > faint && j >= 0 && j < len(b) {
				x, y = append(x, v), append(y, max(b[j], low))
			}
		}
		best, of = max(best, correlation(x, y)), max(of, len(x))
	}
	return best, of
}

// correlation is how alike two rows of levels go up and down; 0 if one of them hardly does.
func correlation(a, b []float64) float64 {
	n := float64(len(a))
	var ma, mb float64
	for i := range a {
		ma, mb = ma+a[i]/n, mb+b[i]/n
	}
	var ab, aa, bb float64
	for i := range a {
		x, y := a[i]-ma, b[i]-mb
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	const still = 2 // dB, the least spread of speech
	if aa <= still*still*n || bb <= still*still*n {
		return 0
	}
	return ab / math.Sqrt(aa*bb)
}
