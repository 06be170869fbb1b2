package demo

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"linevault/codec/pcm"
)

// Script is one call as it is written down.
type Script struct {
	Name   string
	Title  string
	Number string        // the outside party's
	Way    string        // "in" or "out"
	Gap    time.Duration // how long the line is idle before the call
	Party  [pcm.MaxLegs]Party
	Steps  []Step
}

// Party is how one leg sounds. Levels are RMS in dBFS.
type Party struct {
	Voice string  // of the synthesiser
	Pitch float64 // of the voice, and its pace with it; 1 as it is
	Level float64 // of speech, while there is speech
	Noise float64 // of the line
	Hum   float64 // of the mains at 50 Hz; 0 for none
}

// Step is one thing that happens in a call.
type Step struct {
	Do    Verb
	Leg   pcm.Leg
	Text  string        // what is said, or the keys pressed
	For   time.Duration // of a wait or a hold; a negative wait lets people talk over each other
	Count int           // of rings
}

// Verb is the kind of a step.
type Verb uint8

// The kinds of step.
const (
	Say           Verb = iota + 1
	Wait               // nobody speaks
	Hold               // the outside party is held: the council's leg falls quiet
	Ring               // ringing tone, until the call is answered
	Keys               // keypad tones
	PaymentBegins      // from here a card is read out
	PaymentEnds
)

// Parse reads a script. A line of it is a heading ("title Moving in"), a turn ("near: Hello.")
// or a step ("wait 2.5", "hold 8", "ring 2", "keys far 123#", "payment begins"); what
// follows a # at the start of a line is a remark.
func Parse(name, text string) (*Script, error) {
	s := &Script{Name: name}
	paying := false
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if err := s.line(line); err != nil {
			return nil, fmt.Errorf("demo: script %s, line %d: %w", name, i+1, err)
		}
		if n := len(s.Steps); n > 0 {
			switch last := s.Steps[n-1].Do; {
			case last == PaymentBegins && paying, last == PaymentEnds && !paying:
				return nil, fmt.Errorf("demo: script %s, line %d: payments begin and end by turns", name, i+1)
			case last == PaymentBegins:
				paying = true
			case last == PaymentEnds:
				paying = false
			}
		}
	}
	switch {
	case paying:
		return nil, fmt.Errorf("demo: script %s: the payment does not end", name)
	case s.Title == "" || s.Number == "" || s.Way == "" || s.Party[pcm.Near].Voice == "" || s.Party[pcm.Far].Voice == "":
		return nil, fmt.Errorf("demo: script %s: it needs title, number, way, near and far", name)
	case len(s.Steps) == 0:
		return nil, fmt.Errorf("demo: script %s: nothing happens in it", name)
	}
	return s, nil
}

func (s *Script) line(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch word {
	case "title":
		s.Title = rest
	case "number":
		s.Number = rest
	case "way":
		if rest != "in" && rest != "out" {
			return fmt.Errorf("way is in or out, not %q", rest)
		}
		s.Way = rest
	case "gap":
		return seconds(rest, &s.Gap)
	case "near", "far":
		return s.Party[legs[word]].parse(rest)
	case "near:", "far:":
		if rest == "" {
			return fmt.Errorf("%s says nothing", strings.TrimSuffix(word, ":"))
		}
		s.add(Step{Do: Say, Leg: legs[strings.TrimSuffix(word, ":")], Text: rest})
	default:
		return s.step(word, rest)
	}
	return nil
}

func (s *Script) step(word, rest string) error {
	var d time.Duration
	switch word {
	case "wait":
		err := seconds(rest, &d)
		s.add(Step{Do: Wait, For: d})
		return err
	case "hold":
		err := seconds(rest, &d)
		s.add(Step{Do: Hold, For: d})
		return err
	case "ring":
		n, err := strconv.Atoi(rest)
		if err != nil || n < 1 || n > 10 {
			return fmt.Errorf("ring is followed by 1 to 10, not %q", rest)
		}
		leg := pcm.Near // the exchange plays it to whoever rang
		if s.Way == "out" {
			leg = pcm.Far
		}
		s.add(Step{Do: Ring, Leg: leg, Count: n})
	case "keys":
		who, keys, _ := strings.Cut(rest, " ")
		leg, ok := legs[who]
		if !ok || keys == "" || strings.Trim(keys, keypad) != "" {
			return fmt.Errorf("keys is followed by near or far, then keys of %s", keypad)
		}
		s.add(Step{Do: Keys, Leg: leg, Text: keys})
	case "payment":
		i := slices.Index([]string{"begins", "ends"}, rest)
		if i < 0 {
			return fmt.Errorf("payment begins or ends, not %q", rest)
		}
		s.add(Step{Do: PaymentBegins + Verb(i)})
	default:
		return fmt.Errorf("%q is no heading and no step", word)
	}
	return nil
}

func (s *Script) add(step Step) { s.Steps = append(s.Steps, step) }

// legs are the words for the legs in a script.
var legs = map[string]pcm.Leg{"near": pcm.Near, "far": pcm.Far}

// parse reads a party's settings, as "voice=slt pitch=1.05 level=-20 noise=-60 hum=-62".
func (p *Party) parse(text string) error {
	*p = Party{Pitch: 1, Level: -21, Noise: -60}
	for field := range strings.FieldsSeq(text) {
		key, value, _ := strings.Cut(field, "=")
		if key == "voice" {
			if !slices.Contains(voices, value) {
				return fmt.Errorf("no voice %q: there are %s", value, strings.Join(voices, ", "))
			}
			p.Voice = value
			continue
		}
		to := map[string]*float64{"pitch": &p.Pitch, "level": &p.Level, "noise": &p.Noise, "hum": &p.Hum}[key]
		if to == nil {
			return fmt.Errorf("no setting %q", key)
		}
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		*to = v
	}
	if p.Voice == "" {
		return fmt.Errorf("a party has a voice: %s", strings.Join(voices, ", "))
	}
	if !(p.Pitch >= 0.5 && p.Pitch <= 2) {
		return fmt.Errorf("pitch is 0.5 to 2, not %g", p.Pitch)
	}
	return nil
}

func seconds(text string, d *time.Duration) error {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v > -10 && v <= 60) {
		return fmt.Errorf("%q is no number of seconds between -10 and 60", text)
	}
	*d = time.Duration(v * float64(time.Second))
	return nil
}
