package demo

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"linevault/codec/pcm"
	"linevault/codec/wav"
	"linevault/storage/durable"
)

// recipe changes when the same script would sound different, so that calls are made anew.
const recipe = "1"

// Call is what is known of a call that Build made. It lies beside the sound, as NAME.json.
type Call struct {
	Name      string    `json:"name"`
	Title     string    `json:"title"`
	Line      string    `json:"line"` // its ID
	Number    string    `json:"number"`
	Direction string    `json:"direction"` // "in" or "out"
	Gap       float64   `json:"gap"`       // seconds that the line is idle before the call
	Seconds   float64   `json:"seconds"`
	Payments  []Payment `json:"payments,omitempty"`
	MadeFrom  string    `json:"made_from"` // the script and the recipe, as a hash
}

// WAV is where the call's sound is: stereo, near and far.
func (c Call) WAV(dir string) string { return filepath.Join(dir, c.Name+".wav") }

// Build speaks every call of the demonstration into dir, unless it is there and its script is
// what it was. It tells progress the title of each call that it makes.
func Build(ctx context.Context, dir string, progress func(title string)) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	for _, line := range Lines {
		for _, name := range line.Scripts {
			if err := build(ctx, dir, line.ID, name, progress); err != nil {
				return fmt.Errorf("demo: call %s: %w", name, err)
			}
		}
	}
	return nil
}

func build(ctx context.Context, dir, line, name string, progress func(string)) error {
	s, text, err := load(name)
	if err != nil {
		return err
	}
	hash := sha256.Sum256(append([]byte(recipe+"\n"+line+"\n"), text...))
	madeFrom := hex.EncodeToString(hash[:])
	switch c, err := ReadCall(dir, name); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case c.MadeFrom == madeFrom && c.complete(dir):
		return nil
	}
	progress(s.Title)
	t, err := perform(ctx, s)
	if err != nil {
		return err
	}
	c := Call{
		Name: name, Title: s.Title, Line: line, Number: s.Number, Direction: s.Way,
		Gap: s.Gap.Seconds(), Seconds: float64(t.now) / rate, Payments: t.payments, MadeFrom: madeFrom,
	}
	if err := writeFile(c.WAV(dir), func(w *bufio.Writer) error { return writeSound(w, t) }); err != nil {
		return err
	}
	// The sidecar comes last: where it is, the sound is whole.
	return writeFile(sidecar(dir, name), func(w *bufio.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "\t")
		return e.Encode(c)
	})
}

// complete reports whether the sound is all there.
func (c Call) complete(dir string) bool {
	info, err := os.Stat(c.WAV(dir))
	return err == nil && info.Size() == wav.HeaderSize+int64(c.Seconds*rate+0.5)*2*pcm.MaxLegs
}

// ReadCall reads what Build wrote of the call with that name.
func ReadCall(dir, name string) (Call, error) {
	var c Call
	b, err := os.ReadFile(sidecar(dir, name))
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return c, fmt.Errorf("%s: %w", sidecar(dir, name), err)
	}
	return c, nil
}

// Calls reads what Build wrote of a line's calls, in the order in which they come.
func Calls(dir, line string) ([]Call, error) {
	var calls []Call
	for _, l := range Lines {
		if l.ID != line {
			continue
		}
		for _, name := range l.Scripts {
			c, err := ReadCall(dir, name)
			if err != nil {
				return nil, fmt.Errorf("demo: %w; `make demo` makes the calls", err)
			}
			calls = append(calls, c)
		}
	}
	return calls, nil
}

func sidecar(dir, name string) string { return filepath.Join(dir, name+".json") }

func writeSound(w *bufio.Writer, t *take) error {
	if err := wav.WriteHeader(w, format, int64(t.now)); err != nil {
		return err
	}
	return binary.Write(w, binary.LittleEndian, t.interleaved())
}

// writeFile writes a file that is either whole or not there.
func writeFile(name string, write func(*bufio.Writer) error) error {
	return durable.Fill(name, 0o644, func(f *os.File) error {
		w := bufio.NewWriter(f)
		return errors.Join(write(w), w.Flush())
	})
}
