package signalling

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"linevault/codec/dsp/fsk"
	"linevault/codec/pcm"
	"linevault/codec/wav"
)

// Decode writes what a WAV file signals to w, one event a line in order of time: text, or JSON
// if asJSON. It writes what it heard of a file that is cut off, too, then returns the error.
func Decode(w io.Writer, asJSON bool, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("analogue decode: %w", err)
	}
	defer f.Close()
	p := printer{print: text}
	if asJSON {
		p.print = jsonLine
	}
	if err := decode(w, &p, f); err != nil {
		return fmt.Errorf("analogue decode: %s: %w", file, err)
	}
	return nil
}

func decode(w io.Writer, p *printer, file io.Reader) error {
	r, err := wav.NewReader(file)
	if err != nil {
		return err
	}
	format := r.Format()
	line, err := NewLine(format)
	if err != nil {
		return fmt.Errorf("it has %d channels at %d samples a second; make it 1 or 2 at %d, for example with: sox IN -r %d -c 1 OUT",
			format.Legs, format.Rate, narrow, narrow)
	}
	p.rate = format.Rate
	var samples [1600]int16
	f := pcm.Frame{Format: format}
	var n int
	for err == nil && p.err == nil {
		n, err = r.Read(samples[:])
		f.PCM = samples[:n]
		line.Step(f, p.take)
		f.Pos += f.Len()
		p.flush(w, f.Pos-pcm.Pos(horizon*format.Rate))
	}
	// What ends with the file is over once silence follows.
	clear(samples[:])
	f.PCM = samples[:]
	for range format.Legs * format.Rate / narrow {
		line.Step(f, p.take)
		f.Pos += f.Len()
	}
	p.flush(w, math.MaxInt64)
	if p.err != nil {
		return p.err
	}
	if !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

// horizon is how many seconds after it begins an event is certain at the latest: a caller's
// message may take 5 s and is dated up to 0.64 s before its mark.
const horizon = 7

// printer puts events in order of time and prints them.
type printer struct {
	rate    int
	pending []Event
	print   func(w io.Writer, t float64, e Event) error
	err     error
}

func (p *printer) take(e Event) {
	at, _ := slices.BinarySearchFunc(p.pending, e.At+1, func(o Event, at pcm.Pos) int { return int(o.At - at) })
	p.pending = slices.Insert(p.pending, at, e)
}

// flush prints all that began before until.
func (p *printer) flush(w io.Writer, until pcm.Pos) {
	n := 0
	for n < len(p.pending) && p.pending[n].At < until && p.err == nil {
		e := p.pending[n]
		p.err = p.print(w, math.Round(float64(e.At)/float64(p.rate)*1000)/1000, e)
		n++
	}
	p.pending = slices.Delete(p.pending, 0, n)
}

func text(w io.Writer, t float64, e Event) error {
	value := e.Value
	if e.Kind == Caller {
		value = string(e.Caller.Number)
		if e.Caller.Presentation != fsk.Allowed {
			value = string(e.Caller.Presentation)
		}
		if e.Caller.Name != "" {
			value += " " + e.Caller.Name
		}
	}
	_, err := fmt.Fprintf(w, "%9.3f  %-4s  %s\n", t, e.Kind, value)
	return err
}

func jsonLine(w io.Writer, t float64, e Event) error {
	var v any = struct {
		T     float64 `json:"t"`
		Kind  Kind    `json:"kind"`
		Value string  `json:"value"`
	}{t, e.Kind, e.Value}
	if e.Kind == Caller {
		v = struct {
			T            float64          `json:"t"`
			Kind         Kind             `json:"kind"`
			Number       fsk.Number       `json:"number"`
			Name         string           `json:"name"`
			Presentation fsk.Presentation `json:"presentation"`
		}{t, e.Kind, e.Caller.Number, e.Caller.Name, e.Caller.Presentation}
	}
	j := json.NewEncoder(w)
	j.SetEscapeHTML(false) // "Smith & Sons" stays readable
	return j.Encode(v)
}
