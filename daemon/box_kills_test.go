package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"linevault/codec/codectest"
	"linevault/codec/pcm"
	"linevault/codec/wav"
	"linevault/daemon/api"
	"linevault/daemon/demo"
	"linevault/daemon/link"
	"linevault/storage"
)

// tapes writes a call of both parties saying s for each of a replay card's lines, heard once, and returns the card.
func tapes(t *testing.T, calls map[string][]int16) (toml string) {
	t.Helper()
	dir := t.TempDir()
	for name, s := range calls {
		var w bytes.Buffer
		if err := wav.WriteHeader(&w, pcm.Format{Rate: 8000, Legs: 2}, int64(len(s))); err != nil {
			t.Fatal(err)
		}
		for _, v := range s {
			w.Write([]byte{byte(v), byte(v >> 8), byte(v), byte(v >> 8)})
		}
		side, err := json.Marshal(demo.Call{Name: name, Number: "02079460123", Direction: "in", Gap: 600, Seconds: float64(len(s)) / 8000})
		if err != nil {
			t.Fatal(err)
		}
		for end, b := range map[string][]byte{".wav": w.Bytes(), ".json": side} {
			if err := os.WriteFile(filepath.Join(dir, name+end), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return fmt.Sprintf("[[card]]\nname = \"tape\"\nkind = \"replay\"\nfolder = %q\n", dir)
}

// onTape is a line that plays a call over and over, the first time after start.
func onTape(line, call, start string) string {
	return fmt.Sprintf("[[line]]\nname = %q\ncard = \"tape\"\nscript = [%q]\ndetect = \"loop\"\nhold_back = \"500ms\"\nstart = %q\n", line, call, start)
}

// tone is seconds of what must not be kept: 2.3 kHz, far from what push buttons sound like.
func tone(seconds int) []int16 {
	s := make([]int16, seconds*8000)
	for i := range s {
		s[i] = int16(8000 * math.Sin(2*math.Pi*2300*float64(i)/8000))
	}
	return s
}

// The recorder is killed inside pauses, again and again, at random moments. What was answered
// 200 holds: each line is paused from its first sample when the recorder is back, until the
// terminal resumes, and nothing of the time between is kept. Two lines sound a marker all the
// time and are paused all the time. LINEVAULT_KILLS says how often; `make storm` has 1,000.
func TestKilledInsidePauses(t *testing.T) {
	kills := 6
	if testing.Short() {
		kills = 2
	}
	if s := os.Getenv("LINEVAULT_KILLS"); s != "" {
		var err error
		if kills, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	token := newToken()
	card := tapes(t, map[string][]int16{"tone": tone(300), "speech": codectest.Speech(t, 300*8000)})
	lines := func(start string) string {
		return onTape("Tone 0", "tone", start) + onTape("Tone 1", "tone", start) + onTape("Speech 0", "speech", start) + onTape("Speech 1", "speech", start)
	}
	till1 := fmt.Sprintf("[[terminal]]\nname = \"till 1\"\nlines = [\"Tone 0\", \"Tone 1\", \"Speech 0\", \"Speech 1\"]\ntoken_sha256 = \"%x\"\n", sha256.Sum256([]byte(token)))
	b := newBox(t, card+lines("1h")+till1)
	if err := storage.Create(b.dir, []string{"standard"}); err != nil {
		t.Fatal(err)
	}
	b.start("record")
	k := &till{t: t, url: "https://" + b.api, client: trusting(t, b.dir)}
	ask := func(method, line, body string) api.Line {
		t.Helper()
		status, a := k.insist(method, "/v1/lines/"+line+"/pause", token, body)
		if status != http.StatusOK {
			t.Fatalf("%s of %s: %d %+v", method, line, status, a)
		}
		return a
	}
	speaking := []string{"speech-0", "speech-1"}
	for _, line := range append([]string{"tone-0", "tone-1"}, speaking...) {
		b.await("the pause to be on disk", func() bool { return ask("PUT", line, `{"arm": true, "max_seconds": 900}`).Kept })
	}
	// Before the calls there are; from now on they begin with the recorder.
	conf, err := os.ReadFile(b.conf)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(b.conf, []byte(strings.ReplaceAll(string(conf), `start = "1h"`, `start = "0s"`)), 0o600); err != nil {
		t.Fatal(err)
	}
	heard := map[string][][2]time.Time{} // by call: when recording was on
	speak := func(line string) {
		asked := time.Now()
		on := ask("DELETE", line, "")
		time.Sleep(time.Duration(800+rand.IntN(400)) * time.Millisecond) // the guards, and some more
		off := ask("PUT", line, `{"max_seconds": 900}`)
		b.await("the pause to outlast the process", func() bool { return off.Kept || ask("PUT", line, `{"max_seconds": 900}`).Kept })
		// Where the first answer was 503, it may have resumed before the second.
		if first := asked.Add(200 * time.Millisecond); first.Before(on.At.Add(-confirms)) {
			on.At = first
		}
		heard[on.Call] = append(heard[on.Call], [2]time.Time{on.At, off.At})
	}
	for i := range kills {
		if err := b.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = b.cmd.Wait() // killed
		b.start("record")
		b.await("four calls, all of them paused", func() bool {
			s, _ := b.status()
			return count(s, link.Paused) == 4
		})
		if s, _ := b.status(); len(s.Lines) != 4 || s.Lines[0].PausedBy[0] != "terminal till 1" {
			t.Fatalf("after %d kills: %+v", i+1, s.Lines)
		}
		for _, line := range speaking {
			if rand.IntN(3) > 0 { // else it stays as it was
				speak(line)
			}
		}
		time.Sleep(time.Duration(rand.IntN(800)) * time.Millisecond)
	}
	for _, line := range speaking {
		speak(line)
	}
	b.stop()
	b.check()
	unreadable(t, b.dir, "till 1", "tone-0", "Tone 0", "speech-0")
	spoken := 0.0
	for _, c := range b.calls() {
		at, kept := 0.0, 0.0
		for _, g := range append(c.Gaps, gapJSON{From: c.Length, To: c.Length}) {
			if g.From-at > 0.001 {
				kept += g.From - at
				if !within(heard[string(c.ID)], c.Start, at, g.From) {
					t.Errorf("%s: %.3f to %.3f s of call %s are kept; recording was on at %v, from %v", c.Name, at, g.From, c.ID, heard[string(c.ID)], c.Start)
				}
			}
			at = g.To
		}
		if strings.HasPrefix(c.Name, "Tone") && kept > 0 {
			t.Errorf("%s: %.3f s of a call that was paused throughout are kept", c.Name, kept)
		}
		spoken += kept
	}
	if spoken == 0 {
		t.Error("nothing at all is kept: this test proves nothing")
	}
	t.Logf("%d kills inside pauses, %d stretches recorded between them, %.1f s kept", kills, len(heard), spoken)
}

// confirms is how long the API waits for the recorder before it answers 503.
const confirms = 250 * time.Millisecond

// within reports whether a stretch of a call lies within one of those that were recorded.
func within(heard [][2]time.Time, start time.Time, from, to float64) bool {
	const rounding = 2 * time.Millisecond
	a, b := start.Add(time.Duration(from*1e9)), start.Add(time.Duration(to*1e9))
	for _, h := range heard {
		if !a.Before(h[0].Add(-rounding)) && !b.After(h[1].Add(rounding)) {
			return true
		}
	}
	return false
}
