package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"linevault/codec/g711"
	"linevault/codec/wav"
)

// The circuit of spans.conf.
const (
	rate   = 8000
	slots  = 32
	dSlot  = 16
	perE1  = 31
	pieces = 2 * 30
)

// piece is how many octets each speaker has: four seconds.
const piece = 4 * rate

// Directions, by who speaks.
const (
	network = iota
	switchboard
)

// speech is the pieces, one after the other.
type speech []byte

// of is what is said on a timeslot.
func (s speech) of(slot, who int) []byte {
	n := slot - 1
	if slot > dSlot {
		n--
	}
	return s[(2*n+who)*piece:][:piece]
}

// timeslots are those with speech.
func timeslots() (all []int) {
	for s := 1; s < slots; s++ {
		if s != dSlot {
			all = append(all, s)
		}
	}
	return all
}

// makeSpeech takes prompts out of asterisk-core-sounds-en-wav until there is enough for everybody.
func makeSpeech(out string) error {
	files, err := filepath.Glob("/usr/share/asterisk/sounds/en_US_f_Allison/*.wav")
	if err != nil {
		return err
	}
	slices.Sort(files)
	var all []int16
	for _, f := range files {
		pcm, _, err := wav.ReadFile(f)
		if err != nil {
			return err
		}
		if len(pcm) < rate { // letters, digits and beeps
			continue
		}
		all = append(all, pcm...)
	}
	if len(all) < pieces*piece {
		return errors.New("not enough speech: install asterisk-core-sounds-en-wav")
	}
	b := make([]byte, pieces*piece)
	g711.EncodeA(b, all[:len(b)])
	return os.WriteFile(out, b, 0o600)
}

func readSpeech(file string) (speech, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	if len(b) != pieces*piece {
		return nil, fmt.Errorf("%s has %d octets, want %d", file, len(b), pieces*piece)
	}
	return b, nil
}
