package card

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"linevault/hal"
	"linevault/hal/pri/dahdi"
	"linevault/hal/pri/pcap"
	"linevault/hal/pri/q921"
)

// board is a driver in memory with spans of 31 channels each, numbered from 1. Sound comes in ticks of
// a millisecond, by this machine's clock, and says which tick, timeslot and span it is of.
type board struct {
	mu     sync.Mutex // guards all below
	born   time.Time
	spans  map[int]*fakeSpan
	busy   map[int]bool // channels
	opened int
}

type fakeSpan struct {
	alarms  dahdi.Alarms
	counts  dahdi.Counters
	broken  error         // of every read
	silent  bool          // no sound comes
	skipped time.Duration // sound that was dropped without a word
	dropped int           // events to come on each channel
	frames  [][]byte
	kinds   map[int]dahdi.SlotKind // other than usual
}

func newBoard(spans ...int) *board {
	b := &board{born: time.Now(), spans: map[int]*fakeSpan{}, busy: map[int]bool{}}
	for _, n := range spans {
		b.spans[n] = &fakeSpan{kinds: map[int]dahdi.SlotKind{}}
	}
	return b
}

// set changes a span.
func (b *board) set(span int, change func(s *fakeSpan)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b.spans[span])
}

// octet is the sound of one tick.
func octet(tick int, slot, span int) byte { return byte(tick) ^ byte(slot*5+span*91) }

func (b *board) Spans() ([]dahdi.Span, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []dahdi.Span
	for n := 1; n <= 8; n++ {
		f := b.spans[n]
		if f == nil {
			continue
		}
		s := dahdi.Span{Number: n, Name: "FAKE", Alarms: f.alarms, Counters: f.counts}
		for p := 1; p <= 31; p++ {
			k := dahdi.BChan
			if p == dSlot {
				k = dahdi.DChan
			}
			if other, ok := f.kinds[p]; ok {
				k = other
			}
			s.Slots = append(s.Slots, dahdi.Slot{Channel: 31*(n-1) + p, Position: p, Kind: k})
		}
		all = append(all, s)
	}
	return all, nil
}

func (b *board) State(span int) (dahdi.Alarms, dahdi.Counters, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.spans[span]
	if f == nil {
		return 0, dahdi.Counters{}, true, errors.New("no such span")
	}
	return f.alarms, f.counts, false, nil
}

func (b *board) Open(number int, use dahdi.Use) (Channel, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.busy[number] {
		return nil, &dahdi.Fault{Text: "channel in use", Hint: "stop the other program"}
	}
	b.opened++
	c := &fakeChannel{board: b, span: (number-1)/31 + 1, slot: (number-1)%31 + 1, frames: use == dahdi.Frames}
	c.at = b.ticks(c.span)
	if f := b.spans[c.span]; f != nil && f.broken != nil {
		return nil, f.broken
	}
	return c, nil
}

// ticks is how many milliseconds of a span's sound there have been.
func (b *board) ticks(span int) int {
	d := time.Since(b.born)
	if f := b.spans[span]; f != nil {
		d -= f.skipped
	}
	return int(d / time.Millisecond)
}

func (b *board) Wait(limit time.Duration, _ []Channel) error {
	for range 10 {
		time.Sleep(limit / 10)
		b.mu.Lock()
		for _, f := range b.spans {
			if len(f.frames) > 0 {
				b.mu.Unlock()
				return nil
			}
		}
		b.mu.Unlock()
	}
	return nil
}

type fakeChannel struct {
	board      *board
	span, slot int
	frames     bool
	at         int // ticks that were read
	dropped    int
}

func (c *fakeChannel) Read(out []byte) (int, error) {
	b := c.board
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.spans[c.span]
	switch {
	case f == nil:
		return 0, errors.New("no such device")
	case f.broken != nil:
		return 0, f.broken
	case c.frames && len(f.frames) > 0:
		n := copy(out, f.frames[0])
		f.frames = f.frames[1:]
		return n + copy(out[n:], []byte{0xAA, 0xBB}), nil
	case c.frames, f.silent:
		return 0, dahdi.ErrEmpty
	case c.dropped < f.dropped:
		c.dropped++
		return 0, dahdi.ReadOverrun
	}
	const perBlock = dahdi.Block / 8
	if b.ticks(c.span)-c.at < perBlock {
		return 0, dahdi.ErrEmpty
	}
	for i := range dahdi.Block {
		out[i] = octet(c.at+i/8, c.slot, c.span)
	}
	c.at += perBlock
	return dahdi.Block, nil
}

func (c *fakeChannel) Flush() error {
	c.board.mu.Lock()
	defer c.board.mu.Unlock()
	c.at = c.board.ticks(c.span)
	return nil
}

func (c *fakeChannel) Close() error {
	c.board.mu.Lock()
	defer c.board.mu.Unlock()
	c.board.opened--
	return nil
}

// speak plays a capture on the D-channels of two spans, several times faster than it was.
func (b *board) speak(t *testing.T, name string, networkSpan, userSpan int) {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "testdata", name+".pcap"))
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
		span := networkSpan
		if q, err := q921.Parse(frame); err == nil && q.Sender() == q921.User {
			span = userSpan
		}
		b.set(span, func(s *fakeSpan) { s.frames = append(s.frames, frame) })
	}
}

// openFake opens a card with a line on every timeslot.
func openFake(t *testing.T, b *board, change ...func(c *Config)) *Card {
	t.Helper()
	c := Config{Name: "pri", Network: 3, User: 4, Device: b}
	for s := 1; s < slots; s++ {
		if s != dSlot {
			c.Lines = append(c.Lines, LineConfig{ID: lineID(s), Timeslot: s})
		}
	}
	for _, f := range change {
		f(&c)
	}
	card, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := card.Close(); err != nil {
			t.Error(err)
		}
	})
	return card
}

// on is the line of a timeslot.
func on(c *Card, slot int) hal.Line {
	for _, l := range c.Lines() {
		if l.ID() == lineID(slot) {
			return l
		}
	}
	return nil
}
