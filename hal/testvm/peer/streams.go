package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"linevault/codec/g711"
	"linevault/codec/pcm"
	"linevault/hal"
	"linevault/hal/haltest"
	"linevault/hal/pri/card"
)

// Spans of spans.conf.
const (
	switchboardSpan = 2
	networkTap      = 3
	switchboardTap  = 4
)

func lineName(slot int) string { return fmt.Sprintf("slot-%02d", slot) }

// capture opens the tap and gives what every leg of every timeslot heard, in A-law.
func capture(networkSpan, userSpan int, length time.Duration, tell func(about, fact string)) (heard map[int][2][]byte, err error) {
	c := card.Config{Name: "tap", Network: networkSpan, User: userSpan, Tell: tell}
	for _, s := range timeslots() {
		c.Lines = append(c.Lines, card.LineConfig{ID: pcm.LineID(lineName(s)), Timeslot: s})
	}
	tap, err := card.Open(c)
	if err != nil {
		return nil, err
	}
	defer tap.Close()
	lines := tap.Lines()
	checks := make([]*haltest.Checker, len(lines))
	for i, l := range lines {
		checks[i] = haltest.NewChecker(l)
	}
	heard = map[int][2][]byte{}
	var b hal.Block
	want := int(length.Seconds() * rate)
	for deadline := time.Now().Add(10 * length); ; time.Sleep(20 * time.Millisecond) {
		enough := true
		for i, l := range lines {
			slot := c.Lines[i].Timeslot
			if err := l.Read(&b); err != nil {
				return nil, err
			}
			if err := checks[i].Step(&b); err != nil {
				return nil, err
			}
			if checks[i].Losses > 0 || checks[i].Epochs > 1 {
				return nil, fmt.Errorf("timeslot %d: a break: %v", slot, b.Signals)
			}
			legs := heard[slot]
			for leg := range legs {
				legs[leg] = appendLeg(legs[leg], b.Frame.PCM, leg)
			}
			heard[slot] = legs
			enough = enough && len(legs[0]) >= want
		}
		if enough {
			return heard, nil
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("no more than %d samples came", len(heard[1][0]))
		}
	}
}

func appendLeg(to []byte, both []int16, leg int) []byte {
	one := make([]int16, len(both)/2)
	for i := range one {
		one[i] = both[2*i+leg]
	}
	n := len(to)
	to = append(to, make([]byte, len(one))...)
	g711.EncodeA(to[n:], one)
	return to
}

// streams compares what the card hears with what is said, octet by octet.
func streams(said speech) error {
	heard, err := capture(networkTap, switchboardTap, 6*time.Second, nil)
	if err != nil {
		return err
	}
	if len(heard) != pieces/2 {
		return fmt.Errorf("%d timeslots were heard", len(heard))
	}
	return compare(said, heard, rate/2)
}

// swapped opens the tap with its spans the wrong way round, while there are calls: the card must find out,
// say so, and give each leg its own speaker from then on.
func swapped(said speech) error {
	told := make(chan string, 100)
	heard, err := capture(switchboardTap, networkTap, 8*time.Second, func(_, fact string) { told <- fact })
	if err != nil {
		return err
	}
	if err := compare(said, heard, 5*rate); err != nil {
		return err
	}
	for {
		select {
		case fact := <-told:
			if strings.Contains(fact, "the wrong way round") {
				fmt.Println("SWAPPED and told:", fact)
				return nil
			}
		default:
			return errors.New("nobody was told that the spans are the wrong way round")
		}
	}
}

// compare looks at all legs, but for what they heard before from.
func compare(said speech, heard map[int][2][]byte, from int) error {
	exact, octets := 0, 0
	for slot, legs := range heard {
		for leg, who := range [2]int{pcm.Near: switchboard, pcm.Far: network} {
			n, err := exactly(legs[leg][from:], said.of(slot, who))
			if err != nil {
				fmt.Printf("peer: timeslot %d, leg %d: %v\n", slot, leg, err)
				continue
			}
			exact, octets = exact+1, octets+n
		}
	}
	all := 2 * len(heard)
	fmt.Printf("STREAMS %d of %d are exact, %d octets in all\n", exact, all, octets)
	if exact != all {
		return fmt.Errorf("%d streams are not what was said", all-exact)
	}
	return nil
}

// exactly reports how many octets of what was heard are the piece, said over and over.
func exactly(heard, says []byte) (int, error) {
	const key = 400
	twice := append(append([]byte(nil), says...), says...)
	for from := 0; from+key < rate; from += key { // silence would be found anywhere
		if distinct(heard[from:from+key]) < 20 {
			continue
		}
		at := bytes.Index(twice, heard[from:from+key])
		if at < 0 {
			return 0, fmt.Errorf("nothing of it is what was said")
		}
		for i, o := range heard[from:] {
			if want := says[(at+i)%len(says)]; o != want {
				return 0, fmt.Errorf("octet %d is %#x, said was %#x", from+i, o, want)
			}
		}
		return len(heard) - from, nil
	}
	return 0, fmt.Errorf("a second of silence")
}

func distinct(b []byte) int {
	seen := map[byte]bool{}
	for _, o := range b {
		seen[o] = true
	}
	return len(seen)
}

// aligned says how far the two legs of a card are apart whose two spans hear the same.
func aligned(speech) error {
	heard, err := capture(networkTap, switchboardSpan, 2*time.Second, nil)
	if err != nil {
		return err
	}
	worst := 0
	for slot, legs := range heard {
		d, err := apart(legs[0], legs[1])
		if err != nil {
			return fmt.Errorf("timeslot %d: %w", slot, err)
		}
		worst = max(worst, d)
	}
	const tick = 8
	fmt.Printf("ALIGNED %d timeslots, legs at most %d samples apart\n", len(heard), worst)
	if worst > tick {
		return fmt.Errorf("the legs are %d samples apart, more than a tick of the driver", worst)
	}
	return nil
}

// apart finds the shift that makes the two the same for a second.
func apart(a, b []byte) (int, error) {
	const from, most = rate / 2, rate / 10
	for d := range most {
		if bytes.Equal(a[from:from+rate], b[from+d:from+d+rate]) || bytes.Equal(b[from:from+rate], a[from+d:from+d+rate]) {
			return d, nil
		}
	}
	return 0, fmt.Errorf("the legs do not hear the same")
}
