package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"linevault/codec/wav"
	"linevault/daemon/link"
	"linevault/hal/haltest/pulse"
)

// faulty is a line with a fault, and which steps of its test must fail, with which advice.
type faulty struct {
	name    string
	swapped bool
	deaf    bool    // nothing of the far party arrives
	near    float64 // dBFS of who speaks into the handset
	number  bool    // the line delivers one
	pauses  bool
	fails   map[string]string
}

var faults = []faulty{
	{name: "Good", near: -24, number: true, pauses: true},
	{name: "Swapped", near: -24, number: true, pauses: true, swapped: true, fails: map[string]string{
		"near": "Exchange the two channels of this line", "far": "Exchange the two channels of this line", "keys": "the two sides are exchanged",
	}},
	{name: "Deaf", near: -24, number: true, pauses: true, deaf: true, fails: map[string]string{"far": "Nobody is heard on the other side, channel 6 of card rear"}},
	{name: "Quiet", near: -46, number: true, pauses: true, fails: map[string]string{"near": "Turn the input gain of channel 7 of card rear up by about"}},
	{name: "Nameless", near: -24, pauses: true, fails: map[string]string{"number": "No number came with the call."}},
	{name: "Unpaused", near: -24, number: true, fails: map[string]string{"pause": "No pause came."}},
}

// Whole boxes are tested as a person would: real PortAudio capture, `linevault linetest` beside the
// running box, sounds played as the steps ask for them, a terminal that pauses. A good line passes; each
// fault fails its own steps, with advice that names what to mend.
func TestLineTestEndToEnd(t *testing.T) {
	if testing.Short() {
		t.Skip("it follows six calls in real time")
	}
	rack := pulse.Start(t, pulse.Card{Name: "lines12", Channels: 2 * len(faults)})
	prompts := pulse.Speech(t, 2*len(faults), 4*pulse.Rate)
	token := newToken()
	// With another card beside it, a card that is slow to answer on a busy machine is waited for.
	_, other := scripts(t, 1, 5)
	var toml strings.Builder
	toml.WriteString(other)
	fmt.Fprintf(&toml, "[[card]]\nname = \"rear\"\nkind = \"analogue\"\ndevice = \"lines12\"\n[[terminal]]\nname = \"till 1\"\ntoken_sha256 = \"%x\"\nlines = [", sha256.Sum256([]byte(token)))
	for _, f := range faults {
		fmt.Fprintf(&toml, "%q,", f.name)
	}
	toml.WriteString("]\n")
	for i, f := range faults {
		fmt.Fprintf(&toml, "[[line]]\nname = %q\ncard = \"rear\"\nchannels = [%d, %d]\nhangover = \"2m\"\nhold_back = \"500ms\"\n", f.name, 2*i+1, 2*i+2)
	}
	b := newBox(t, toml.String())
	b.start("run")
	b.await("all cards", func() bool { s, err := b.status(); return err == nil && count(s, link.Failed) == 0 })
	cli := readWAV(t, "../hal/analogue/signalling/testdata/cli_uk_number_name.wav")
	busy := readWAV(t, "../hal/analogue/signalling/testdata/tone_uk_busy.wav")
	var all sync.WaitGroup
	for i, f := range faults {
		p := &player{
			faulty: f, t: t, rack: rack, first: 2 * i, cli: cli, busy: busy, mine: prompts[2*i], theirs: prompts[2*i+1],
			till: &till{t: t, url: "https://" + b.api, client: trusting(t, b.dir)}, token: token,
		}
		all.Go(func() { p.play(b) })
	}
	all.Wait()
	listed := must(t, "linetest", "--list", "--data", b.dir)
	if n := strings.Count(listed, ", by Emrys"); n != len(faults) || strings.Count(listed, "  passed  ") != 1 {
		t.Errorf("listed:\n%s", listed)
	}
	if one := must(t, "linetest", "Good", "--list", "--data", b.dir); strings.Count(one, "\n") != 1 {
		t.Errorf("of one line:\n%s", one)
	}
	id, _, _ := strings.Cut(listed, " ")
	file := filepath.Join(t.TempDir(), "certificate.txt")
	text := must(t, "linetest", "--show", id, "--data", b.dir)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := must(t, "linetest", "--verify", file, "--data", b.dir); !strings.Contains(said, "This box signed it") {
		t.Error(said)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(text, `"by":"Emrys"`, `"by":"Asha"`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := linevault("linetest", "--verify", file, "--data", b.dir).Run(); code == nil || !strings.Contains(code.Error(), "3") {
		t.Errorf("a certificate that was changed: %v", code)
	}
	b.stop()
	b.check()
}

func readWAV(t *testing.T, name string) []int16 {
	t.Helper()
	all, _, err := wav.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// patience is how often a step of one test is tried again.
const patience = 10
