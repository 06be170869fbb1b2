package card

import (
	"errors"
	"fmt"
	"strings"

	"linevault/codec/pcm"
	"linevault/hal"
	"linevault/hal/pri/dahdi"
	"linevault/hal/pri/q921"
)

// span is one receiver: the timeslots of one direction.
type span struct {
	side   side
	number int
	device Device
	wanted []int // timeslots, by line

	signalling Channel
	hard       bool      // the card itself frames the D-channel
	sound      []Channel // by line
	waiting    [][]byte  // by line: octets that were read and not used yet
	block      [dahdi.Block]byte
	frame      [1024]byte
	fault      string   // why it gives nothing, with what to do; empty while it does
	heard      pcm.Mono // when sound last came on every timeslot
	dropped    bool     // the driver dropped sound since the spans were last in step
	stats      SpanHealth
}

// isOpen reports whether the span's channels are held.
func (s *span) isOpen() bool { return s.signalling != nil }

// open takes the span's channels.
func (s *span) open() error {
	spans, err := s.device.Spans()
	if err != nil {
		return err
	}
	info, err := find(spans, s.number)
	if err != nil {
		return err
	}
	if err := s.take(info); err != nil {
		s.close()
		return err
	}
	s.heard = hal.Now()
	s.stats.Alarms, s.stats.Counters = info.Alarms, info.Counters
	return nil
}

// find is the span of that number, or the spans that there are.
func find(spans []dahdi.Span, number int) (dahdi.Span, error) {
	var there []string
	for _, s := range spans {
		if s.Number == number {
			return s, nil
		}
		there = append(there, fmt.Sprintf("%d (%s, %d timeslots)", s.Number, s.Name, len(s.Slots)))
	}
	if len(there) == 0 {
		return dahdi.Span{}, &dahdi.Fault{
			Text: fmt.Sprintf("there is no span %d, nor any other", number),
			Hint: "load the card's driver, with auto_assign_spans=1 for module dahdi",
		}
	}
	return dahdi.Span{}, &dahdi.Fault{
		Text: fmt.Sprintf("there is no span %d; there are %s", number, strings.Join(there, ", ")),
		Hint: "name one of them",
	}
}

// take opens the D-channel and the timeslots that are lines.
func (s *span) take(info dahdi.Span) (err error) {
	at := map[int]dahdi.Slot{}
	for _, t := range info.Slots {
		at[t.Position] = t
	}
	d, ok := at[dSlot]
	if !ok {
		return &dahdi.Fault{
			Text: fmt.Sprintf("span %d has %d timeslots: it is no E1", s.number, len(info.Slots)), Hint: "name another span",
		}
	}
	if d.Kind != dahdi.DChan && d.Kind != dahdi.HardDC {
		return &dahdi.Fault{
			Text: fmt.Sprintf("timeslot 16 of span %d is not set up as its D-channel", s.number),
			Hint: fmt.Sprintf("put dchan=%d into /etc/dahdi/system.conf and run dahdi_cfg", d.Channel),
		}
	}
	for _, slot := range s.wanted {
		if b := at[slot]; b.Kind != dahdi.BChan {
			return &dahdi.Fault{
				Text: fmt.Sprintf("timeslot %d of span %d is not set up as a B-channel", slot, s.number),
				Hint: fmt.Sprintf("put bchan=%d into /etc/dahdi/system.conf and run dahdi_cfg", b.Channel),
			}
		}
	}
	s.hard = d.Kind == dahdi.HardDC
	s.sound = make([]Channel, 0, len(s.wanted))
	s.waiting = make([][]byte, len(s.wanted))
	for i := range s.waiting { // with all the room they may need: what had to grow would leave copies behind
		s.waiting[i] = make([]byte, 0, mostWaiting+dahdi.Block)
	}
	for _, slot := range s.wanted {
		c, err := s.device.Open(at[slot].Channel, dahdi.Sound)
		if err != nil {
			return err
		}
		s.sound = append(s.sound, c)
	}
	// Last, as an open D-channel means an open span.
	s.signalling, err = s.device.Open(d.Channel, dahdi.Frames)
	return err
}

// close lets go of the span's channels.
func (s *span) close() {
	for _, c := range s.sound {
		_ = c.Close() // there is nothing to lose
	}
	if s.signalling != nil {
		_ = s.signalling.Close()
	}
	s.sound, s.signalling = nil, nil
}

// next is the next frame of the D-channel, good until the one after it, or nil.
func (s *span) next() ([]byte, error) {
	for {
		n, err := s.signalling.Read(s.frame[:])
		e, event := errors.AsType[dahdi.Event](err)
		switch {
		case errors.Is(err, dahdi.ErrEmpty):
			return nil, nil
		case event:
			if err := s.event(e); err != nil {
				return nil, err
			}
		case err != nil:
			return nil, err
		default:
			s.stats.Frames++
			return s.bare(s.frame[:n]), nil
		}
	}
}

// bare takes the check sequence off a frame. The driver has looked at it already; a card that frames
// in hardware may have taken it off, too.
func (s *span) bare(frame []byte) []byte {
	const fcs = 2
	if _, ok := q921.CheckFCS(frame); !ok && s.hard || len(frame) < fcs {
		return frame
	}
	return frame[:len(frame)-fcs]
}

// listen reads what sound there is.
func (s *span) listen(now pcm.Mono) error {
	for i, c := range s.sound {
		for {
			n, err := c.Read(s.block[:])
			e, event := errors.AsType[dahdi.Event](err)
			if errors.Is(err, dahdi.ErrEmpty) {
				break
			}
			switch {
			case event:
				if err := s.event(e); err != nil {
					return err
				}
			case err != nil:
				return err
			default:
				if len(s.waiting[i]) < mostWaiting {
					s.waiting[i] = append(s.waiting[i], s.block[:n]...)
				}
			}
		}
	}
	if s.least() > 0 {
		s.heard = now
	}
	clear(s.block[:])
	return nil
}

// mostWaiting is how many octets of a timeslot wait for those of another.
const mostWaiting = 4 * rate

// event counts what the driver tells.
func (s *span) event(e dahdi.Event) error {
	switch e {
	case dahdi.Abort:
		s.stats.Aborted++
	case dahdi.BadFCS:
		s.stats.BadFCS++
	case dahdi.Overrun:
		s.stats.TooLong++
	case dahdi.ReadOverrun:
		s.stats.Dropped++
		s.dropped = true
	case dahdi.Removed:
		return &dahdi.Fault{Text: fmt.Sprintf("span %d was removed", s.number), Hint: "load the card's driver again"}
	}
	return nil
}

// least and most are how many octets wait on the timeslots.
func (s *span) least() int {
	n := mostWaiting
	for _, w := range s.waiting {
		n = min(n, len(w))
	}
	return n
}

func (s *span) most() int {
	n := 0
	for _, w := range s.waiting {
		n = max(n, len(w))
	}
	return n
}

// use gives up n octets of each timeslot.
func (s *span) use(n int) {
	for i, w := range s.waiting {
		s.waiting[i] = w[:copy(w, w[min(n, len(w)):])]
		clear(w[len(s.waiting[i]):])
	}
}
