package card

import (
	"strings"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
	"linevault/hal/haltest"
	"linevault/hal/pri/dahdi"
)

// A D-channel on which nothing comes is told of, and so is one that is back.
func TestSilentLink(t *testing.T) {
	facts := map[string]string{}
	o := newOffice(newRing(1), []int{1}, func(about, fact string) { facts[about] = fact })
	o.feed([]byte("\x02\x01\x01\x01"), network, time.Second)
	o.feed([]byte("\x00\x01\x01\x01"), user, time.Second)
	o.notice(15 * time.Second)
	if f := facts["D-channel"]; f != "" {
		t.Errorf("after 14 s: %q", f)
	}
	o.feed([]byte("\x02\x01\x01\x01"), network, 16*time.Second)
	o.notice(25 * time.Second)
	if f := facts["D-channel"]; !strings.Contains(f, "silent") {
		t.Errorf("one direction silent for 24 s: %q", f)
	}
	o.feed([]byte("\x00\x01\x01\x01"), user, 26*time.Second)
	o.notice(27 * time.Second)
	if f := facts["D-channel"]; f != "" {
		t.Errorf("back: %q", f)
	}
}

// Whatever comes on the D-channels, a line signals off hook and on hook in turn, within its audio.
func FuzzFrames(f *testing.F) {
	f.Add([]byte("\x00\x03\x02\x01\x7F\x01\x03\x00\x01\x73\x00\x23\x02\x01\x00\x00\x08\x02\x00\x01\x05\x04\x03\x80\x90\xA3\x18\x03\xA9\x83\x81\x6C\x06\x21\x831234\x70\x05\x807000\x01\x09\x00\x01\x00\x02\x08\x02\x80\x01\x07"))
	f.Add([]byte("\x02\x00\x04\x00"))
	f.Fuzz(func(t *testing.T, script []byte) {
		g := newRing(2)
		o := newOffice(g, []int{1, 2}, func(string, string) {})
		lines := []*line{{index: 0, ring: g}, {index: 1, ring: g}}
		checks := []*haltest.Checker{haltest.NewChecker(lines[0]), haltest.NewChecker(lines[1])}
		octets := make([]byte, dahdi.Block)
		now := hal.Now()
		var b hal.Block
		for at := time.Duration(0); len(script) >= 2; at += 40 * time.Millisecond {
			what, n := script[0], min(int(script[1]), len(script)-2)
			frame := script[2 : 2+n]
			script = script[2+n:]
			switch what % 4 {
			case 0, 1:
				o.feed(frame, side(what%4), at)
			case 2:
				if g.lose("a test", now+pcm.Mono(at)) {
					o.lost()
				}
			case 3:
				at += time.Second * time.Duration(n)
			}
			o.pass(at)
			if what < 0x80 {
				g.add(dahdi.Block, now+pcm.Mono(at), o.swapped(), func(int, side) []byte { return octets })
				o.back(at)
			}
			o.signal(now)
			o.notice(at)
			for i, l := range lines {
				if err := l.Read(&b); err != nil {
					t.Fatal(err)
				}
				if err := checks[i].Step(&b); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
