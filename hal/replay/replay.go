// Package replay is a card without hardware: scripted calls for demonstrations and tests, one
// WAV file as a line, and blocks that were captured at a bench.
package replay

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"linevault/codec/pcm"
	"linevault/codec/wav"
	"linevault/hal"
)

// Config is one card.
type Config struct {
	Name  string // of the card, for errors
	Lines []LineConfig
	// Speed is how much faster than life the card is: 1 is real time. At 0 its lines give
	// audio as fast as they are read, and nothing of what they give, stamps included, depends
	// on the time at which that is.
	Speed float64
}

// LineConfig is one line of a card.
type LineConfig struct {
	ID     pcm.LineID
	Script Script
	Offset time.Duration // when the first call begins; its Gap does not count the first time
}

// Script is the calls of a line, over and over.
type Script []Call

// Call is one call of a script.
type Call struct {
	WAV       string        // the file that is heard; two channels are near and far
	Gap       time.Duration // how long the line is idle before the call
	Number    string        // the other party's, as signalled; may be empty
	Direction string        // "in", "out" or empty
}

// minGap keeps a script of empty files from being a call without end.
const minGap = 100 * time.Millisecond

type card struct {
	lines  []hal.Line
	closed atomic.Int64 // when, or 0
}

// Open reads the head of every file of every script, so that it is now that a bad one shows.
func Open(c Config) (hal.Card, error) {
	k := new(card)
	p := newPace(c.Speed)
	for _, l := range c.Lines {
		f, err := l.check()
		if err != nil {
			return nil, &hal.CardError{
				Card: c.Name, Err: fmt.Errorf("line %s: %w", l.ID, err),
				Hint: "correct the line's script, or its files",
			}
		}
		k.lines = append(k.lines, newScripted(l, f, p, &k.closed))
	}
	if len(k.lines) == 0 {
		return nil, &hal.CardError{Card: c.Name, Err: errors.New("it has no lines"), Hint: "give it a line with a script"}
	}
	return k, nil
}

func (k *card) Lines() []hal.Line { return k.lines }

func (k *card) Close() error {
	k.closed.CompareAndSwap(0, int64(hal.Now()))
	return nil
}

// check returns the format that all files of the script have.
func (l *LineConfig) check() (pcm.Format, error) {
	if len(l.Script) == 0 {
		return pcm.Format{}, errors.New("it has no script")
	}
	var format pcm.Format
	for i, c := range l.Script {
		f, r, err := openWAV(c.WAV)
		if err != nil {
			return pcm.Format{}, err
		}
		f.Close()
		if i == 0 {
			format = r.Format()
		}
		if r.Format() != format {
			return pcm.Format{}, fmt.Errorf("%s has %s, and %s has %s: a line has one format",
				l.Script[0].WAV, describe(format), c.WAV, describe(r.Format()))
		}
		switch c.Direction {
		case "", "in", "out":
		default:
			return pcm.Format{}, fmt.Errorf("direction %q: it is \"in\" or \"out\"", c.Direction)
		}
	}
	return format, nil
}

func openWAV(name string) (*os.File, *wav.Reader, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	r, err := wav.NewReader(f)
	if err == nil {
		err = fit(r.Format())
	}
	if err != nil {
		f.Close()
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	}
	return f, r, nil
}

// fit says why a line cannot be of a format.
func fit(f pcm.Format) error {
	if f.Legs < 1 || f.Legs > pcm.MaxLegs || f.Rate != 8000 && f.Rate != 16000 {
		return fmt.Errorf("it has %s: a line has one or two, at 8000 or 16000 Hz", describe(f))
	}
	return nil
}

func describe(f pcm.Format) string {
	return fmt.Sprintf("%d channels at %d Hz", f.Legs, f.Rate)
}
