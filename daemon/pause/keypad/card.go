package keypad

import (
	"time"

	"linevault/codec/pcm"
)

const (
	// A card number has 13 to 19 digits (ISO/IEC 7812-1).
	fewest = 13
	most   = 19
	usual  = 16
	// inARow is the longest pause between two digits of one number, and exposed how much
	// longer what is keyed after a number may be of the same card: its dates and its code.
	inARow  = 5 * time.Second
	exposed = 6 // times inARow
)

// run is digits of one leg in a row. It adds them up as they come and keeps none.
type run struct {
	length pcm.Pos // how long inARow is
	near   bool
	span   pcm.Span
	n      int
	sums   [2]int // as Luhn has it, for a number of even and of odd length
	open   bool   // a card's digits are being keyed, and told
}

// press takes the next digit. Whoever calls keys a number of this length for a card and for
// little else; an agent dials telephone numbers, so there the check digit must be right, too.
func (r *run) press(symbol byte, s pcm.Span, emit func(Event)) {
	if r.open && s.From-r.span.To <= exposed*r.length {
		r.tell(pcm.Span{From: r.span.To, To: s.To}, emit)
		r.span.To = s.To
		return
	}
	if symbol < '0' || symbol > '9' {
		r.complete(emit)
		return
	}
	if r.open || r.n == 0 {
		*r = run{length: r.length, near: r.near, span: s}
	}
	r.add(int(symbol - '0'))
	r.span.To = s.To
	if (!r.near && r.n >= fewest) || (r.n == usual && r.checks()) {
		r.open = true
		r.tell(r.span, emit)
	}
}

// release takes where the last digit ends.
func (r *run) release(end pcm.Pos, emit func(Event)) {
	if r.n == 0 || end <= r.span.To {
		return
	}
	if r.open {
		r.tell(pcm.Span{From: r.span.To, To: end}, emit)
	}
	r.span.To = end
}

// lapse completes a number that nobody has added to for a while.
func (r *run) lapse(now pcm.Pos, emit func(Event)) {
	if r.n > 0 && !r.open && now-r.span.To > r.length {
		r.complete(emit)
	}
}

// complete ends the digits in a row, which may have been a card's.
func (r *run) complete(emit func(Event)) {
	if r.checks() {
		r.open = true
		r.tell(r.span, emit)
		return
	}
	*r = run{length: r.length, near: r.near}
}

func (r *run) tell(s pcm.Span, emit func(Event)) { emit(Event{Kind: Card, Span: s, Near: r.near}) }

func (r *run) add(digit int) {
	doubled := digit * 2
	if doubled > 9 {
		doubled -= 9
	}
	if r.n%2 == 0 { // doubled in numbers of even length
		r.sums[0] += doubled
		r.sums[1] += digit
	} else {
		r.sums[0] += digit
		r.sums[1] += doubled
	}
	r.n++
}

// checks reports whether the digits so far are a card number's.
func (r *run) checks() bool {
	return r.n >= fewest && r.n <= most && r.sums[r.n%2]%10 == 0
}
