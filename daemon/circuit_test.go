package main

import (
	"errors"
	"io"
	"os"
	"sync"
	"testing"
	"time"

	"linevault/hal/pri/card"
	"linevault/hal/pri/dahdi"
	"linevault/hal/pri/pcap"
	"linevault/hal/pri/q921"
)

// circuit is a driver in memory with the two spans of a tapped E1, 1 and 2, on which silence comes by this
// machine's clock, and frames as a capture has them.
type circuit struct {
	born   time.Time
	mu     sync.Mutex  // guards frames
	frames [3][][]byte // by span
}

func (c *circuit) Spans() (all []dahdi.Span, err error) {
	for n := 1; n <= 2; n++ {
		s := dahdi.Span{Number: n, Name: "FAKE"}
		for p := 1; p <= 31; p++ {
			k := dahdi.BChan
			if p == 16 {
				k = dahdi.DChan
			}
			s.Slots = append(s.Slots, dahdi.Slot{Channel: 31*(n-1) + p, Position: p, Kind: k})
		}
		all = append(all, s)
	}
	return all, nil
}

func (c *circuit) State(int) (a dahdi.Alarms, k dahdi.Counters, gone bool, err error) { return }

func (c *circuit) Open(number int, use dahdi.Use) (card.Channel, error) {
	return &timeslot{of: c, span: (number-1)/31 + 1, frames: use == dahdi.Frames, at: c.ticks()}, nil
}

func (c *circuit) ticks() int { return int(time.Since(c.born) / time.Millisecond) }

func (c *circuit) Wait(limit time.Duration, _ []card.Channel) error {
	time.Sleep(min(limit, 10*time.Millisecond))
	return nil
}

// timeslot is one direction of one.
type timeslot struct {
	of     *circuit
	span   int
	frames bool
	at     int // milliseconds that were read
}

func (s *timeslot) Read(out []byte) (int, error) {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if q := s.of.frames[s.span]; s.frames && len(q) > 0 {
		n := copy(out, q[0])
		s.of.frames[s.span] = q[1:]
		return n + copy(out[n:], []byte{0xAA, 0xBB}), nil
	}
	if s.frames || s.of.ticks()-s.at < dahdi.Block/8 {
		return 0, dahdi.ErrEmpty
	}
	for i := range dahdi.Block {
		out[i] = 0xD5
	}
	s.at += dahdi.Block / 8
	return dahdi.Block, nil
}

func (s *timeslot) Flush() error {
	s.at = s.of.ticks()
	return nil
}

func (s *timeslot) Close() error { return nil }

// play says what a capture has, several times as fast as it was said.
func (c *circuit) play(t *testing.T, name string) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	r, err := pcap.NewReader(f)
	if err != nil {
		t.Error(err)
		return
	}
	const faster, pseudoHeader = 3, 16
	var first time.Time
	began := time.Now()
	for {
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
		if first.IsZero() {
			first = p.At
		}
		time.Sleep(time.Until(began.Add(p.At.Sub(first) / faster)))
		frame := append([]byte(nil), p.Data[pseudoHeader:]...)
		span := 1
		if q, err := q921.Parse(frame); err == nil && q.Sender() == q921.User {
			span = 2
		}
		c.mu.Lock()
		c.frames[span] = append(c.frames[span], frame)
		c.mu.Unlock()
	}
}
