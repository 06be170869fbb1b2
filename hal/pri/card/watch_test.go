package card_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linevault/codec/g711"
	"linevault/codec/pcm"
	"linevault/hal"
	"linevault/hal/haltest"
	"linevault/hal/pri"
	"linevault/hal/pri/card"
	"linevault/hal/pri/card/cardtest"
)

func lineID(slot int) pcm.LineID { return pcm.LineID(fmt.Sprintf("ts%d", slot)) }

// bearers are the timeslots that carry sound.
var bearers = func() (all []int) {
	for s := 1; s < pri.MaxSlots; s++ {
		if s != 16 {
			all = append(all, s)
		}
	}
	return all
}()

// rate is that of every timeslot.
const rate = 8000

// capture is the file of one.
func capture(name string) string { return filepath.Join("..", "testdata", name+".pcap") }

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

// open opens a card with a line on every timeslot.
func open(t *testing.T, b *cardtest.Board, change ...func(c *card.Config)) *card.Card {
	t.Helper()
	c := card.Config{Name: "pri", Network: 3, User: 4, Device: b}
	for _, s := range bearers {
		c.Lines = append(c.Lines, card.LineConfig{ID: lineID(s), Timeslot: s})
	}
	for _, f := range change {
		f(&c)
	}
	k, err := card.Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	return k
}

// on is the line of a timeslot.
func on(c *card.Card, slot int) hal.Line {
	for _, l := range c.Lines() {
		if l.ID() == lineID(slot) {
			return l
		}
	}
	return nil
}

// brief is signals in a few words.
func brief(signals []hal.Signal) (words []string) {
	for _, s := range signals {
		switch s.Kind {
		case hal.Reference:
		case hal.LoopClosed:
			words = append(words, "closed")
		case hal.LoopOpen:
			words = append(words, "open")
		case hal.FarNumber:
			words = append(words, "far="+string(s.Data))
		case hal.CalledNumber:
			words = append(words, "called="+string(s.Data))
		default:
			words = append(words, strings.TrimSpace(string(s.Data)))
		}
	}
	return words
}
