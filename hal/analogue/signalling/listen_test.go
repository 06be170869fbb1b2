package signalling

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"linevault/codec/wav"
	"linevault/hal"
	"linevault/hal/replay"
)

// What the lines of an exchange signal, as spandsp made it.
func TestListenTellsWhatIsSignalled(t *testing.T) {
	for _, row := range []struct {
		file string
		want []string // the last of each kind
	}{
		{"outgoing_dial_to_ringback.wav", []string{"direction out", "far number 01632960123"}},
		{"cli_uk_number_name.wav", []string{"direction in", "far number 02079460123"}},
		{"cli_uk_unavailable.wav", []string{"direction in"}},
		{"tone_uk_busy.wav", []string{"cleared busy"}},
		{"tone_uk_unobtainable.wav", []string{"cleared unobtainable"}},
		{"tone_uk_ringback.wav", nil},
		{"dtmf_l09_t+1.wav", nil}, // keyed without dial tone: it may be a card number
	} {
		t.Run(row.file, func(t *testing.T) {
			if got := signals(t, filepath.Join("testdata", row.file)); !slices.Equal(got, row.want) {
				t.Errorf("signals %q, want %q", got, row.want)
			}
		})
	}
}

// signals are the last of each kind that the file gives, sorted.
func signals(t *testing.T, name string) []string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := wav.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	src, err := replay.File("line", r, 0)
	if err != nil {
		t.Fatal(err)
	}
	l, err := Listen(src)
	if err != nil {
		t.Fatal(err)
	}
	last := map[hal.SignalKind]string{}
	var b hal.Block
	for {
		err := l.Read(&b)
		for _, s := range b.Signals {
			if s.At < b.Frame.Pos || s.At > b.Frame.Span().To {
				t.Errorf("a signal at %d in a block of %v", s.At, b.Frame.Span())
			}
			last[s.Kind] = fmt.Sprintf("%v %s", s.Kind, s.Data)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var all []string
	for _, s := range last {
		all = append(all, s)
	}
	slices.Sort(all)
	return all
}
