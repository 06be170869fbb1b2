package main

import (
	"fmt"
	"strings"
	"testing"

	"linevault/daemon/link"
	"linevault/hal/haltest/pulse"
	"linevault/storage"
)

// Real PortAudio: recorded speech is played into the 8 channels of a sound card, a different
// prompt into each. It comes back as 8 calls, each on its own line, none crossed. Then the
// card is unplugged in mid call, and plugged in again.
func TestAnalogueLinesEndToEnd(t *testing.T) {
	rack := pulse.Start(t, pulse.Card{Name: "lines8", Channels: 8})
	prompts := pulse.Speech(t, 8, 5*pulse.Rate)
	var toml strings.Builder
	toml.WriteString("[[card]]\nname = \"rear\"\nkind = \"analogue\"\ndevice = \"lines8\"\n")
	for i := range 8 {
		fmt.Fprintf(&toml, "[[line]]\nname = \"Line %d\"\ncard = \"rear\"\nchannels = [%d]\nhangover = \"3s\"\n", i+1, i+1)
	}
	b := newBox(t, toml.String())
	b.start("run")
	if err := rack.Play(t.Context(), "lines8", prompts); err != nil {
		t.Fatal(err)
	}
	b.await("8 calls to end", func() bool { return ended(b) == 8 })
	for _, c := range b.calls() {
		var own int
		if _, err := fmt.Sscanf(c.Name, "Line %d", &own); err != nil {
			t.Fatal(err)
		}
		got := b.sound(string(c.ID))
		for i, p := range prompts {
			if i+1 == own {
				if _, r := pulse.Find(p, got, 0.8); r < 0.8 {
					t.Errorf("what was played into line %d correlates %.2f with its recording", own, r)
				}
				continue
			}
			if _, r := pulse.Match(p, got); r > 0.5 {
				t.Errorf("what was played into line %d correlates %.2f with the recording of line %d", i+1, r, own)
			}
		}
		if c.State != string(storage.HungUp) {
			t.Errorf("call %+v", c)
		}
	}
	go func() { _ = rack.Play(t.Context(), "lines8", prompts) }() // the card goes while it plays
	b.await("calls again", func() bool { s, _ := b.status(); return count(s, link.Recording) == 8 })
	rack.Unplug(t, "lines8")
	// told is on how many lines the card is lost, and of how many there is an alarm that says so.
	told := func() (failed, alarms int) {
		s, err := b.status()
		if err != nil {
			return -1, -1
		}
		for _, a := range s.Alarms {
			if strings.HasPrefix(a.Key, "card lost ") {
				alarms++
			}
		}
		return count(s, link.Failed), alarms
	}
	b.await("the loss to be told", func() bool { failed, alarms := told(); return failed == 8 && alarms == 8 })
	b.await("the calls to end as lost", func() bool { return ended(b) == 16 })
	lost := 0
	for _, c := range b.calls() {
		if c.State == string(storage.CardLost) {
			lost++
		}
	}
	if lost != 8 {
		t.Errorf("%d calls ended because the card was lost, want 8", lost)
	}
	rack.Plug(t, "lines8")
	b.await("the card to be back", func() bool { failed, alarms := told(); return failed == 0 && alarms == 0 })
	b.stop()
	b.check()
}

func ended(b *box) (n int) {
	for _, c := range b.calls() {
		if c.State != "live" {
			n++
		}
	}
	return n
}
