package card

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"linevault/codec/g711"
	"linevault/codec/pcm"
	"linevault/hal"
	"linevault/hal/haltest"
	"linevault/hal/pri/dahdi"
)

func lineID(slot int) pcm.LineID { return pcm.LineID(fmt.Sprintf("ts%d", slot)) }

func TestConformance(t *testing.T) {
	t.Parallel()
	haltest.Run(t, func(t *testing.T) hal.Card { return openFake(t, newBoard(3, 4)) }, haltest.Options{For: 2 * time.Second})
}

// patience is for machines that have better things to do; a test that passes needs little of it.
const patience = time.Minute

// watch reads a line until done says so, checking every block.
func watch(t *testing.T, l hal.Line, done func(b *hal.Block, c *haltest.Checker) bool) {
	t.Helper()
	c := haltest.NewChecker(l)
	var b hal.Block
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if err := l.Read(&b); err != nil {
			t.Fatal(err)
		}
		if err := c.Step(&b); err != nil {
			t.Fatal(err)
		}
		if done(&b, c) {
			return
		}
	}
	t.Fatalf("line %s: what was waited for did not come within %v", l.ID(), patience)
}

// legs are the octets of a block's two legs, as they were on the circuit.
func legs(b *hal.Block) (near, far []byte) {
	n := int(b.Frame.Len())
	near, far = make([]byte, n), make([]byte, n)
	leg := make([]int16, n)
	for i, out := range [][]byte{near, far} {
		for k := range n {
			leg[k] = b.Frame.PCM[2*k+i]
		}
		g711.EncodeA(out, leg)
	}
	return near, far
}

// Every sample of every timeslot is there once, on its own line and leg, and sample n of the one leg was
// on the circuit when sample n of the other was, give or take a tick of the driver.
func TestInvariantLegsAligned(t *testing.T) {
	t.Parallel()
	card := openFake(t, newBoard(3, 4))
	for _, slot := range []int{1, 15, 17, 31} {
		samples, last, repeats := 0, byte(0), 0
		watch(t, on(card, slot), func(b *hal.Block, c *haltest.Checker) bool {
			near, far := legs(b)
			for i := range near {
				heard := near[i] ^ octet(0, slot, 4)
				other := far[i] ^ octet(0, slot, 3)
				if apart := int8(heard - other); apart < -1 || apart > 1 {
					t.Fatalf("timeslot %d, sample %d: the legs are %d ms apart", slot, samples, apart)
				}
				switch {
				case samples == 0 || heard == last:
					repeats++
				case heard == last+1 && repeats == 8:
					repeats = 1
				default:
					t.Fatalf("timeslot %d, sample %d: tick %d after %d repeats of %d", slot, samples, heard, repeats, last)
				}
				last = heard
				samples++
			}
			if c.Epochs > 1 {
				t.Fatal("a break in sound that had none")
			}
			return samples > rate
		})
	}
}

// The span that is configured as the network's hears the switchboard: the legs are right all the same,
// and it is told.
func TestSwappedSpans(t *testing.T) {
	t.Parallel()
	b := newBoard(3, 4)
	facts := make(chan string, 100)
	card := openFake(t, b, func(c *Config) {
		c.Network, c.User = 4, 3
		c.Tell = func(about, fact string) { facts <- about + ": " + fact }
	})
	go b.speak(t, "answered_in", 3, 4)
	const slot = 1
	var signals []string
	watch(t, on(card, slot), func(b *hal.Block, _ *haltest.Checker) bool {
		signals = append(signals, brief(b.Signals)...)
		if len(signals) == 0 {
			return false
		}
		near, far := legs(b)
		for i := range near {
			if apart := int8((near[i] ^ octet(0, slot, 4)) - (far[i] ^ octet(0, slot, 3))); apart < -1 || apart > 1 {
				t.Fatalf("legs %d apart: near is not what the switchboard sends", apart)
			}
		}
		return len(signals) >= 5
	})
	if got, want := strings.Join(signals, " "), "in far=1632960001 called=442079460123 closed open"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for {
		select {
		case f := <-facts:
			if strings.Contains(f, "the wrong way round") {
				return
			}
		case <-time.After(patience):
			t.Fatal("nobody was told")
		}
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(c *Config, b *board)
		want   string
	}{
		{"wrong span", func(c *Config, _ *board) { c.User = 7 }, "there is no span 7; there are 3 (FAKE, 31 timeslots), 4 (FAKE, 31 timeslots); name one of them"},
		{"no spans", func(_ *Config, b *board) { clear(b.spans) }, "there is no span 3, nor any other; load the card's driver"},
		{"busy", func(_ *Config, b *board) { b.busy[31*3+16] = true }, "card pri: channel in use; stop the other program"},
		{"no D-channel", func(_ *Config, b *board) { b.spans[4].kinds[16] = dahdi.BChan }, "put dchan=109 into"},
		{"no B-channel", func(_ *Config, b *board) { b.spans[3].kinds[5] = dahdi.Unset }, "put bchan=67 into"},
		{"same span", func(c *Config, _ *board) { c.User = 3 }, "span 3 is named for both directions"},
		{"no span given", func(c *Config, _ *board) { c.User = 0 }, "it needs two spans"},
		{"timeslot 16", func(c *Config, _ *board) { c.Lines[0].Timeslot = 16 }, "line ts1 asks for timeslot 16"},
		{"taken", func(c *Config, _ *board) { c.Lines[1].Timeslot = 1 }, "lines ts1 and ts2 both ask for timeslot 1"},
		{"no lines", func(c *Config, _ *board) { c.Lines = nil }, "it has no lines"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBoard(3, 4)
			c := Config{Name: "pri", Network: 3, User: 4, Device: b}
			for s := 1; s < 6; s++ {
				c.Lines = append(c.Lines, LineConfig{ID: lineID(s), Timeslot: s})
			}
			test.change(&c, b)
			card, err := Open(c)
			if err == nil {
				card.Close()
				t.Fatal("it opened")
			}
			if e, is := errors.AsType[*hal.CardError](err); !is || e.Hint == "" || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v\nwant a *hal.CardError with a hint, and with %q", err, test.want)
			}
			if b.opened != 0 {
				t.Errorf("%d channels are still open", b.opened)
			}
		})
	}
}

// A span that fails costs its own card only, and comes back by itself, in a new epoch.
func TestLostAndBack(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, reason string
		fail, mend   func(s *fakeSpan)
	}{
		{
			"red alarm", "span 4 (the switchboard's direction) has an alarm: red",
			func(s *fakeSpan) { s.alarms = dahdi.Red }, func(s *fakeSpan) { s.alarms = 0 },
		},
		{
			"AIS", "has an alarm: AIS",
			func(s *fakeSpan) { s.alarms = dahdi.Blue }, func(s *fakeSpan) { s.alarms = 0 },
		},
		{
			"read error", "span 4 (the switchboard's direction): no such device",
			func(s *fakeSpan) { s.broken = errors.New("no such device") }, func(s *fakeSpan) { s.broken = nil },
		},
		{
			"no sound", ": no sound for 1",
			func(s *fakeSpan) { s.silent = true }, func(s *fakeSpan) { s.silent = false },
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			b := newBoard(1, 2, 3, 4)
			other := openFake(t, b, func(c *Config) { c.Network, c.User = 1, 2 })
			card := openFake(t, b)
			l := card.Lines()[0]
			stage, began := 0, time.Now()
			var ended pcm.Pos
			watch(t, l, func(blk *hal.Block, c *haltest.Checker) bool {
				switch {
				case stage == 0 && c.Audio > rate/4:
					stage, began = 1, time.Now()
					b.set(4, test.fail)
				case stage == 1 && c.Lost:
					stage = 2
					t.Logf("lost after %v", time.Since(began).Round(10*time.Millisecond))
					reason := blk.Signals[len(blk.Signals)-1]
					if !strings.Contains(string(reason.Data), test.reason) {
						t.Errorf("lost because %q, want something with %q", reason.Data, test.reason)
					}
					ended, began = reason.At, time.Now()
					b.set(4, test.mend)
				case stage == 2 && c.Losses == 1 && !c.Lost:
					t.Logf("back after %v", time.Since(began).Round(10*time.Millisecond))
					if blk.Frame.Pos <= ended {
						t.Errorf("back at %d, lost at %d", blk.Frame.Pos, ended)
					}
					return true
				}
				return false
			})
			if h := card.Health(); h.Spans[network].Restarts > 0 || h.Spans[network].Fault != "" {
				t.Errorf("the other span was disturbed: %+v", h.Spans[network])
			}
			watch(t, other.Lines()[0], func(blk *hal.Block, c *haltest.Checker) bool {
				if c.Losses > 0 || c.Epochs > 1 {
					t.Fatal("the other card's line was disturbed")
				}
				return blk.Frame.Len() == 0 // all of the time since is read
			})
		})
	}
}

// Sound that the driver dropped begins a new epoch, whether it was told or not, and positions go on at the
// pace of this machine's clock.
func TestDroppedSound(t *testing.T) {
	t.Parallel()
	const missing = 500 * time.Millisecond
	for name, drop := range map[string]func(s *fakeSpan){
		"told":   func(s *fakeSpan) { s.dropped, s.skipped = s.dropped+1, missing },
		"untold": func(s *fakeSpan) { s.skipped = missing },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBoard(3, 4)
			l := openFake(t, b).Lines()[0]
			dropped := false
			var began pcm.Mono
			watch(t, l, func(blk *hal.Block, c *haltest.Checker) bool {
				zero := blk.Captured - pcm.Mono(l.Format().Duration(blk.Frame.Span().To))
				if began == 0 && blk.Frame.Len() > 0 {
					began = zero
				}
				if c.Epochs == 2 {
					off := time.Duration(zero - began)
					t.Logf("the line's clock is off by %v", off)
					if off.Abs() > missing/2 {
						t.Errorf("%v were dropped, and the line's clock is off by %v", missing, off)
					}
					return true
				}
				if !dropped && c.Audio > 3*rate {
					dropped = true
					b.set(3, drop)
					b.set(4, drop)
				}
				return false
			})
		})
	}
}

// What waited for long before it was read has its place when it was captured, and so has what follows
// a break.
func TestInvariantPositionsAreOfCapture(t *testing.T) {
	g := newRing(1)
	octets := make([]byte, dahdi.Block)
	add := func(now time.Duration) {
		g.add(dahdi.Block, pcm.Mono(now), false, func(int, side) []byte { return octets })
	}
	const block = 40 * time.Millisecond
	for i := range 100 {
		add(time.Duration(i+1) * block)
	}
	for range 25 { // a second of sound is read a second and a half too late
		add(100*block + 2500*time.Millisecond)
	}
	g.restart()
	add(100*block + 2600*time.Millisecond)
	l := &line{ring: g}
	var b hal.Block
	var end pcm.Pos
	for b.Frame.Epoch == 0 {
		end = b.Frame.Span().To
		if err := l.Read(&b); err != nil {
			t.Fatal(err)
		}
	}
	want := format.Samples(100*block + 2600*time.Millisecond)
	if end != 125*dahdi.Block || b.Frame.Span().To != want {
		t.Errorf("the first epoch ends at %d, want %d, and the second at %d, want %d", end, 125*dahdi.Block, b.Frame.Span().To, want)
	}
}

func TestCloseIsQuick(t *testing.T) {
	t.Parallel()
	card := openFake(t, newBoard(3, 4))
	time.Sleep(100 * time.Millisecond)
	began := time.Now()
	if err := card.Close(); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(began); d > 20*closeLimit {
		t.Errorf("closing took %v", d)
	}
}

// A card whose spans are not there yet begins lost, if it may.
func TestAbsent(t *testing.T) {
	t.Parallel()
	b := newBoard(3)
	l := openFake(t, b, func(c *Config) { c.Absent = true }).Lines()[0]
	mended := false
	watch(t, l, func(_ *hal.Block, c *haltest.Checker) bool {
		if c.Lost && !mended {
			mended = true
			b.mu.Lock()
			b.spans[4] = &fakeSpan{kinds: map[int]dahdi.SlotKind{}}
			b.mu.Unlock()
		}
		return mended && !c.Lost && c.Audio > 0
	})
}

// What a card that frames in hardware gives has a check sequence or has none.
func TestCheckSequence(t *testing.T) {
	whole := []byte{0x02, 0x01, 0x7F, 0, 0} // SABME
	sum := uint16(0xFFFF)
	for _, b := range whole[:3] {
		sum ^= uint16(b)
		for range 8 {
			if sum&1 != 0 {
				sum = sum>>1 ^ 0x8408
			} else {
				sum >>= 1
			}
		}
	}
	whole[3], whole[4] = byte(^sum), byte(^sum>>8)
	hard, soft := &span{hard: true}, &span{}
	for _, test := range []struct {
		s    *span
		in   []byte
		want int
	}{{soft, whole, 3}, {hard, whole, 3}, {hard, whole[:3], 3}, {soft, whole[:1], 1}} {
		if got := test.s.bare(test.in); len(got) != test.want {
			t.Errorf("hard %v: %x becomes %x", test.s.hard, test.in, got)
		}
	}
}

// What one second of thirty lines costs from the driver's buffers to samples, the system calls apart.
func BenchmarkSecond(b *testing.B) {
	const lines = 30
	g := newRing(lines)
	all := make([]*line, lines)
	for i := range all {
		all[i] = &line{index: i, ring: g}
	}
	octets := make([]byte, dahdi.Block)
	var blk hal.Block
	for b.Loop() {
		for range rate / dahdi.Block {
			g.add(dahdi.Block, hal.Now(), false, func(int, side) []byte { return octets })
			for _, l := range all {
				if err := l.Read(&blk); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
}
