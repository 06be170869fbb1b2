// Package cardtest is a driver in memory for tests of a card of primary rate lines and of what is
// behind one.
package cardtest

import (
	"errors"
	"sync"
	"time"

	"linevault/hal/pri/card"
	"linevault/hal/pri/dahdi"
)

// Board is a driver in memory with spans of 31 channels each, numbered from 1. Sound comes in ticks of
// a millisecond, by this machine's clock.
type Board struct {
	sound func(tick, slot, span int) byte
	born  time.Time
	mu    sync.Mutex // guards all below
	spans map[int]*Span
	busy  map[int]bool // channels
	open  int
}

var _ card.Device = (*Board)(nil)

// Span is one receiver, and what is wrong with it.
type Span struct {
	Alarms  dahdi.Alarms
	Broken  error         // of every read
	Silent  bool          // no sound comes
	Skipped time.Duration // sound that was dropped without a word
	Dropped int           // events to come on each channel
	Frames  [][]byte      // that are yet to be read on the D-channel
	Kinds   map[int]dahdi.SlotKind
}

const (
	slots = 31
	dSlot = 16
	most  = 8 // spans
)

// New makes a board with these spans, 1 to 8, and the sound of each tick, timeslot and span.
func New(sound func(tick, slot, span int) byte, spans ...int) *Board {
	b := &Board{sound: sound, born: time.Now(), spans: map[int]*Span{}, busy: map[int]bool{}}
	for _, n := range spans {
		b.Add(n)
	}
	return b
}

// Labelled is sound that says which tick, timeslot and span it is of.
func Labelled(tick, slot, span int) byte { return byte(tick) ^ byte(slot*5+span*91) }

// Silence is what a timeslot without a call carries.
func Silence(int, int, int) byte { return 0xD5 }

// Add gives the board one more span.
func (b *Board) Add(span int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spans[span] = &Span{Kinds: map[int]dahdi.SlotKind{}}
}

// Clear takes all spans away.
func (b *Board) Clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	clear(b.spans)
}

// Take gives a channel to another program.
func (b *Board) Take(channel int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy[channel] = true
}

// Change changes a span.
func (b *Board) Change(span int, change func(s *Span)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	change(b.spans[span])
}

// Feed puts a frame on a span's D-channel. The board keeps it.
func (b *Board) Feed(span int, frame []byte) {
	b.Change(span, func(s *Span) { s.Frames = append(s.Frames, frame) })
}

// Opened is how many channels are open.
func (b *Board) Opened() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open
}

// Spans are the spans that are there.
func (b *Board) Spans() ([]dahdi.Span, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []dahdi.Span
	for n := 1; n <= most; n++ {
		f := b.spans[n]
		if f == nil {
			continue
		}
		s := dahdi.Span{Number: n, Name: "FAKE", Alarms: f.Alarms}
		for p := 1; p <= slots; p++ {
			k := dahdi.BChan
			if p == dSlot {
				k = dahdi.DChan
			}
			if other, ok := f.Kinds[p]; ok {
				k = other
			}
			s.Slots = append(s.Slots, dahdi.Slot{Channel: slots*(n-1) + p, Position: p, Kind: k})
		}
		all = append(all, s)
	}
	return all, nil
}

// State is that of a span, as the driver tells it.
func (b *Board) State(span int) (dahdi.Alarms, dahdi.Counters, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.spans[span]
	if f == nil {
		return 0, dahdi.Counters{}, true, errors.New("no such span")
	}
	return f.Alarms, dahdi.Counters{}, false, nil
}

// Open begins to listen to a channel.
func (b *Board) Open(number int, use dahdi.Use) (card.Channel, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.busy[number] {
		return nil, &dahdi.Fault{Text: "channel in use", Hint: "stop the other program"}
	}
	c := &channel{board: b, span: (number-1)/slots + 1, slot: (number-1)%slots + 1, frames: use == dahdi.Frames}
	if f := b.spans[c.span]; f != nil && f.Broken != nil {
		return nil, f.Broken
	}
	c.at = b.ticks(c.span)
	b.open++
	return c, nil
}

// ticks is how many milliseconds of a span's sound there have been.
func (b *Board) ticks(span int) int {
	d := time.Since(b.born)
	if f := b.spans[span]; f != nil {
		d -= f.Skipped
	}
	return int(d / time.Millisecond)
}

// Wait returns when there is a frame to read, or after limit.
func (b *Board) Wait(limit time.Duration, _ []card.Channel) error {
	for range 10 {
		time.Sleep(limit / 10)
		if b.framed() {
			break
		}
	}
	return nil
}

func (b *Board) framed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range b.spans {
		if len(f.Frames) > 0 {
			return true
		}
	}
	return false
}
