package main

import (
	"errors"
	"fmt"
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
	"linevault/hal/haltest"
	"linevault/hal/pri/card"
)

// overrun reads a timeslot while somebody stops this program for a while, for longer than the driver has
// room for: sound is lost, and the card must say so, know how much, and be exact again afterwards.
func overrun(said speech) error {
	const slot = 1
	tap, err := card.Open(card.Config{
		Name: "tap", Network: networkTap, User: switchboardTap, Lines: []card.LineConfig{{ID: "one", Timeslot: slot}},
	})
	if err != nil {
		return err
	}
	defer tap.Close()
	l := tap.Lines()[0]
	check := haltest.NewChecker(l)
	var b hal.Block
	var heard [2][]byte
	var began pcm.Mono // of position 0, by the first sound
	var ended, gap pcm.Pos
	for deadline := time.Now().Add(30 * time.Second); len(heard[0]) < 4*rate; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			return errors.New("there was no break")
		}
		before := check.Epochs
		if err := l.Read(&b); err != nil {
			return err
		}
		if err := check.Step(&b); err != nil {
			return err
		}
		end := b.Frame.Span().To
		switch {
		case b.Frame.Len() == 0:
		case began == 0:
			began = b.Captured - pcm.Mono(l.Format().Duration(end))
		case before > 0 && check.Epochs > before:
			gap = b.Frame.Pos - ended
		}
		if gap > 0 {
			for leg := range heard {
				heard[leg] = appendLeg(heard[leg], b.Frame.PCM, leg)
			}
		}
		ended = max(ended, end)
	}
	off := time.Duration(b.Captured-began) - l.Format().Duration(ended)
	fmt.Printf("OVERRUN %d epochs, %v missing, the line's clock is off by %v, dropped %d times\n", check.Epochs,
		l.Format().Duration(gap).Round(time.Millisecond), off.Round(time.Millisecond), tap.Health().Spans[0].Dropped)
	const most = 100 * time.Millisecond
	switch {
	case tap.Health().Spans[0].Dropped == 0:
		return errors.New("the driver did not say that it dropped sound")
	case off > most || off < -most:
		return fmt.Errorf("the line's clock is off by %v", off)
	}
	return compare(said, map[int][2][]byte{slot: heard}, rate)
}
