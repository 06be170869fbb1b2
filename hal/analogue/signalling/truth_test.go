package signalling

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var vectors = flag.String("vectors", "testdata", "folder of WAV files with a truth.jsonl")

// truth is what was put into a file.
type truth struct {
	File    string
	Kind    string
	Digits  string
	Tone    string
	End     string
	Number  string
	Name    string
	Absence string
}

// seen is what a decoder made of a file, in one form for all decoders.
type seen struct {
	digits string
	tones  []string
	calls  []string // number|name|presentation
}

func (s seen) equal(o seen) bool {
	return s.digits == o.digits && slices.Equal(s.tones, o.tones) && slices.Equal(s.calls, o.calls)
}

func (c truth) want() (s seen) {
	switch c.Kind {
	case "dtmf":
		s.digits = c.Digits
	case "tone":
		s.tones = []string{strings.Replace(c.Tone, "nu", "unobtainable", 1)}
	case "call":
		s.digits = c.Digits
		s.tones = []string{"dial", "ringback"}
		if c.End != "" {
			s.tones[1] = c.End
		}
	case "cli":
		presentation := map[string]string{"": "allowed", "P": "withheld", "O": "unavailable"}[c.Absence]
		s.calls = []string{c.Number + "|" + c.Name + "|" + presentation}
	}
	return s
}

// truths are the rows whose files are there.
func truths(t *testing.T) (rows []truth) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(*vectors, "truth.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(b)) {
		var c truth
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(*vectors, c.File)); err == nil {
			rows = append(rows, c)
		}
	}
	if len(rows) == 0 {
		t.Fatalf("no vectors in %s", *vectors)
	}
	return rows
}

// ours is what Decode writes, as JSON, of a file.
func ours(t *testing.T, file string) (s seen) {
	t.Helper()
	var b bytes.Buffer
	if err := Decode(&b, true, file); err != nil {
		t.Fatal(err)
	}
	last := -1.
	for lines := bufio.NewScanner(&b); lines.Scan(); {
		var e struct {
			T                                       *float64
			Kind, Value, Number, Name, Presentation string
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil || e.T == nil {
			t.Fatalf("%s: not an event: %v", lines.Text(), err)
		}
		if *e.T < last {
			t.Errorf("%s: an event at %g after one at %g", file, *e.T, last)
		}
		last = *e.T
		switch e.Kind {
		case "dtmf":
			s.digits += e.Value
		case "tone":
			s.tones = append(s.tones, e.Value)
		case "cli":
			s.calls = append(s.calls, e.Number+"|"+e.Name+"|"+e.Presentation)
		}
	}
	return s
}

// beyond holds the one file in which nobody hears anything: its tones are 2 dB over full scale, and
// the generator's 16-bit sum wrapped round instead of clipping, by which the column tone vanished.
var beyond = map[string]bool{"dtmf_l03_t+8.wav": true}

// TestVectors wants every file of the truth right: no event missing and none too many.
func TestVectors(t *testing.T) {
	for _, c := range truths(t) {
		got, want := ours(t, filepath.Join(*vectors, c.File)), c.want()
		if beyond[c.File] {
			want = seen{}
		}
		if !got.equal(want) {
			t.Errorf("%s: heard %+v, want %+v", c.File, got, want)
		}
	}
}
