package analogue

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"linevault/codec/codectest"
	"linevault/codec/wipe"
	"linevault/hal"
	"linevault/hal/haltest/pulse"
)

// What a card gave some seconds ago is not in the process that captures it any more: what came
// after it has overwritten it, in PortAudio and in ALSA, too.
func TestChildKeepsNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("a long test of other processes")
	}
	for _, v := range wipe.Environment(nil) { // as the recorder has it
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	rack := pulse.Start(t, pulse.Card{Name: "pair", Channels: 2})
	m := codectest.NewMarker(3)
	card := open(t, Config{Name: "pair", Device: "pair", Rate: pulse.Rate, Lines: []LineConfig{{ID: "line", Channels: []int{1, 2}}}})
	line := card.Lines()[0]
	var b hal.Block
	heard := func() (loud bool) {
		t.Helper()
		if err := line.Read(&b); err != nil {
			t.Fatal(err)
		}
		return len(m.In(asBytes(b.Frame.PCM))) > 0
	}
	ctx, cancel := context.WithCancel(t.Context())
	played := make(chan struct{})
	stop := func() { cancel(); <-played }
	defer stop()
	long := slices.Repeat(m.Samples, 40) // until memory was looked at, which takes a busy machine seconds
	go func() {
		defer close(played)
		_ = rack.Play(ctx, "pair", [][]int16{long, long}) // it is cut off
	}()
	child := childOf(t)
	for end := time.Now().Add(time.Minute); !heard(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Skip("NOT PROVED: the sound server changes samples on their way, so that they cannot be found again")
		}
	}
	if where, _ := m.InMemory(t, child); len(where) == 0 {
		t.Error("it is not in memory while it is heard: this test proves nothing")
	}
	stop()
	for quiet := 0; quiet < 4*pulse.Rate; { // what follows, by the card's own clock
		if heard() {
			quiet = 0
		}
		quiet += int(b.Frame.Len())
		time.Sleep(20 * time.Millisecond)
	}
	where, size := m.InMemory(t, child)
	t.Logf("%d MB were searched", size>>20)
	for _, w := range where {
		if strings.Contains(w, "memfd:pulseaudio") { // the server's, which no sound card of a box has
			t.Logf("in memory that PulseAudio shares: %s", w)
			continue
		}
		t.Errorf("it is in the memory of the process that captures: %s", w)
	}
}

func asBytes(samples []int16) []byte {
	b := make([]byte, 0, 2*len(samples))
	for _, s := range samples {
		b = append(b, byte(s), byte(s>>8))
	}
	return b
}

// childOf is the process that captures for this one.
func childOf(t *testing.T) int {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		after := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
		command, _ := os.ReadFile(filepath.Join(filepath.Dir(name), "cmdline"))
		if after[1] == strconv.Itoa(os.Getpid()) && strings.Contains(string(command), "-device=") {
			p, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
			return p
		}
	}
	t.Fatal("no process captures")
	return 0
}
