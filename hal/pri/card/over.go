package card

import (
	"fmt"
	"time"

	"linevault/codec/pcm"
	"linevault/hal/pri"
	"linevault/hal/pri/q931"
)

// Over is a call that the D-channel showed, once it is over.
type Over struct {
	Reference string  // as lines signalled it
	Why       Unheard // why no line ever signalled it; empty if one did
	Timeslot  int     // the last that it had, 0 if none
	Direction string
	Far       string // the other party's number, as far as it may be known
	Called    string
	From, To  pcm.Mono
}

// Unheard says why a call was on no line.
type Unheard string

// Why a call was on no line.
const (
	DataCall  Unheard = "data"       // not speech
	NoChannel Unheard = "no channel" // it was over before a timeslot was agreed
	NoLine    Unheard = "no line"    // its timeslot is no line of this card
	CardLost  Unheard = "card lost"  // the card gave no sound while it went on
)

// fate is what became of a call that goes on.
type fate struct {
	from   time.Duration
	agreed bool // it had a timeslot
	heard  bool // a line signalled it
	over   bool
}

// reference names a call for whoever reads the lines.
func (o *office) reference(c pri.Call) string { return fmt.Sprintf("%s-%d", o.nonce, c.ID) }

// finish notes, behind what its lines are to signal, that a call is over.
func (o *office) finish(c pri.Call, at time.Duration) {
	f := o.fates[c.ID]
	if f == nil || f.over {
		return
	}
	f.over = true
	w := &Over{
		Reference: o.reference(c), Direction: string(c.Direction), Far: far(c), Called: c.Called,
		From: pcm.Mono(f.from), To: pcm.Mono(at), Why: o.unheard(c, f),
	}
	if n := len(c.Channels); n > 0 {
		w.Timeslot = c.Channels[n-1]
	}
	o.out = append(o.out, told{call: c.ID, over: w})
}

// unheard is why the call is on no line, if it turns out that it was on none.
func (o *office) unheard(c pri.Call, f *fate) Unheard {
	switch {
	case c.Bearer.Media == q931.Data:
		return DataCall
	case !f.agreed || len(c.Channels) == 0:
		return NoChannel
	}
	if _, ok := o.lines[c.Channels[len(c.Channels)-1]]; !ok {
		return NoLine
	}
	return CardLost
}

// account tells of a call that is over.
func (o *office) account(id uint64, w Over) {
	if o.fates[id].heard {
		w.Why = ""
	}
	delete(o.fates, id)
	switch w.Why {
	case DataCall:
		o.data++
	case NoChannel:
		o.noLine++
	}
	o.over(w)
}
