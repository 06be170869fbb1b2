package replay

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/codec/wav"
	"linevault/hal"
	"linevault/hal/haltest"
)

// ramp makes a file whose samples are from, from+1 and so on.
func ramp(t *testing.T, f pcm.Format, instants, from int) string {
	t.Helper()
	var b bytes.Buffer
	if err := wav.WriteHeader(&b, f, int64(instants)); err != nil {
		t.Fatal(err)
	}
	for i := range instants * f.Legs {
		b.Write(binary.LittleEndian.AppendUint16(nil, uint16(from+i)))
	}
	name := filepath.Join(t.TempDir(), "ramp.wav")
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

var mono, stereo = pcm.Format{Rate: 8000, Legs: 1}, pcm.Format{Rate: 8000, Legs: 2}

func openCard(t *testing.T, c Config) hal.Card {
	t.Helper()
	card, err := Open(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { card.Close() })
	return card
}

// twoLines ring at different times.
func twoLines(t *testing.T, speed float64) Config {
	t.Helper()
	return Config{Name: "demo", Speed: speed, Lines: []LineConfig{
		{ID: "one", Offset: 250 * time.Millisecond, Script: Script{
			{WAV: ramp(t, stereo, 2345, 1000), Number: "01632960001", Direction: "in"},
			{WAV: ramp(t, stereo, 1600, -9000), Gap: 150 * time.Millisecond, Direction: "out"},
		}},
		{ID: "two", Offset: 400 * time.Millisecond, Script: Script{{WAV: ramp(t, mono, 800, 5000), Gap: time.Second}}},
	}}
}

func TestConformance(t *testing.T) {
	for _, test := range []struct {
		name    string
		speed   float64
		options haltest.Options
	}{
		{"real time", 1, haltest.Options{For: 700 * time.Millisecond}},
		{"timeless", 0, haltest.Options{For: 100 * time.Millisecond, Every: time.Millisecond, Timeless: true}},
		{"four times", 4, haltest.Options{For: 500 * time.Millisecond, Timeless: true}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			haltest.Run(t, func(t *testing.T) hal.Card { return openCard(t, twoLines(t, test.speed)) }, test.options)
		})
	}
}

// copyOf keeps a block beyond the next read.
func copyOf(b *hal.Block) hal.Block {
	c := *b
	c.Frame.PCM = slices.Clone(b.Frame.PCM)
	c.Signals = slices.Clone(b.Signals)
	return c
}

func readBlocks(t *testing.T, l hal.Line, n int) []hal.Block {
	t.Helper()
	var b hal.Block
	var all []hal.Block
	for range n {
		err := l.Read(&b)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, copyOf(&b))
	}
	return all
}

// A call is heard where it was signalled, sample for sample, and the script begins again.
func TestScript(t *testing.T) {
	l := openCard(t, twoLines(t, 0)).Lines()[0]
	type signal struct {
		at   pcm.Pos
		kind hal.SignalKind
		data string
	}
	var signals []signal
	var sound []int16
	for _, b := range readBlocks(t, l, 7) {
		for _, s := range b.Signals {
			signals = append(signals, signal{s.At, s.Kind, string(s.Data)})
		}
		sound = append(sound, b.Frame.PCM...)
	}
	const one, two = 2000 + 2345 + 1200, 2000 + 2345 + 1200 + 1600 // where the second call begins and ends
	want := []signal{
		{2000, hal.LoopClosed, ""},
		{2000, hal.Direction, "in"},
		{2000, hal.FarNumber, "01632960001"},
		{4345, hal.LoopOpen, ""},
		{one, hal.LoopClosed, ""},
		{one, hal.Direction, "out"},
		{two, hal.LoopOpen, ""},
		{two + 800, hal.LoopClosed, ""},
		{two + 800, hal.Direction, "in"},
		{two + 800, hal.FarNumber, "01632960001"},
		{two + 800 + 2345, hal.LoopOpen, ""},
	}
	if !reflect.DeepEqual(signals, want) {
		t.Errorf("signals\n%v, want\n%v", signals, want)
	}
	for i := range 2 * 2345 {
		if got := sound[2*2000+i]; got != int16(1000+i) {
			t.Fatalf("sample %d of the first call is %d", i, got)
		}
	}
	for i, s := range sound[:2*2000] {
		if s < -8 || s > 8 {
			t.Fatalf("sample %d before any call is %d: that is no low noise", i, s)
		}
	}
}

// TestInvariantSameInSameOut: without time, what a card gives does not depend on when, or in
// what order, it is read.
func TestInvariantSameInSameOut(t *testing.T) {
	c := twoLines(t, 0)
	a, b := openCard(t, c), openCard(t, c)
	first := [][]hal.Block{readBlocks(t, a.Lines()[0], 20), readBlocks(t, a.Lines()[1], 20)}
	time.Sleep(3 * time.Millisecond)
	second := [][]hal.Block{nil, readBlocks(t, b.Lines()[1], 20)}
	second[0] = readBlocks(t, b.Lines()[0], 20)
	if !reflect.DeepEqual(first, second) {
		t.Error("the same card gave different blocks")
	}
	if f := first[0][3]; time.Duration(f.Captured) != 4*hal.MaxBlock {
		t.Errorf("the fourth block was captured at %v, want %v", time.Duration(f.Captured), 4*hal.MaxBlock)
	}
}

func TestFile(t *testing.T) {
	for _, speed := range []float64{0, 5} {
		f, err := os.Open(ramp(t, stereo, 4000, 0))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		r, err := wav.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		l, err := File("file", r, speed)
		if err != nil {
			t.Fatal(err)
		}
		check := haltest.NewChecker(l)
		var b hal.Block
		n := 0
		for {
			err := l.Read(&b)
			if errors.Is(err, io.EOF) {
				break
			}
			if err == nil {
				err = check.Step(&b)
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range b.Frame.PCM {
				if s != int16(n) {
					t.Fatalf("sample %d is %d", n, s)
				}
				n++
			}
			if speed > 0 {
				time.Sleep(tick)
			}
		}
		if n != 8000 || check.Epochs != 1 {
			t.Errorf("speed %v: %d samples in %d epochs, want 8000 in one", speed, n, check.Epochs)
		}
		if err := l.Read(&b); !errors.Is(err, io.EOF) {
			t.Errorf("after the end: %v", err)
		}
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(c *Config)
		want   string
	}{
		{"no lines", func(c *Config) { c.Lines = nil }, "it has no lines"},
		{"no script", func(c *Config) { c.Lines[1].Script = nil }, "line two: it has no script"},
		{"no file", func(c *Config) { c.Lines[1].Script[0].WAV = "missing.wav" }, "line two: open missing.wav: no such file"},
		{"not a WAV", func(c *Config) { c.Lines[1].Script[0].WAV = "replay.go" }, "replay.go: wav: byte 0"},
		{"rate", func(c *Config) {
			c.Lines[1].Script[0].WAV = ramp(t, pcm.Format{Rate: 44100, Legs: 1}, 1, 0)
		}, "it has 1 channels at 44100 Hz"},
		{"formats", func(c *Config) { c.Lines[0].Script[1].WAV = ramp(t, mono, 1, 0) }, "a line has one format"},
		{"direction", func(c *Config) { c.Lines[0].Script[0].Direction = "up" }, `direction "up"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := twoLines(t, 1)
			test.change(&c)
			_, err := Open(c)
			bad, is := errors.AsType[*hal.CardError](err)
			if !is || bad.Hint == "" || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v\nwant a *hal.CardError with a hint, and with %q", err, test.want)
			}
		})
	}
}

// A file that changes or vanishes while the card is open ends its line, and says so.
func TestFileVanishes(t *testing.T) {
	c := twoLines(t, 0)
	l := openCard(t, c).Lines()[1]
	if err := os.Remove(c.Lines[1].Script[0].WAV); err != nil {
		t.Fatal(err)
	}
	var b hal.Block
	var err error
	for range 10 {
		if err = l.Read(&b); err != nil {
			break
		}
	}
	if err == nil || errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "line two: open ") {
		t.Errorf("%v, want that the file cannot be opened", err)
	}
}
