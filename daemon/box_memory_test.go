package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linevault/codec/codectest"
	"linevault/daemon/link"
	"linevault/storage"
)

// marker is noise of which any four samples tell it from everything else.
type marker struct {
	samples []int16
	at      map[uint64]bool // four samples, as little-endian bytes: of one leg, and of two with the same
}

func newMarker(seconds int) *marker {
	m := &marker{at: map[uint64]bool{}}
	r := rand.New(rand.NewPCG(31, 32))
	for range seconds * 8000 {
		m.samples = append(m.samples, int16(1+r.IntN(12000))*int16(1-2*r.IntN(2)))
	}
	for i := 0; i+4 <= len(m.samples); i++ {
		s := m.samples[i:]
		m.at[window(s[0], s[1], s[2], s[3])] = true
		m.at[window(s[0], s[0], s[1], s[1])] = true
		m.at[window(s[0], s[1], s[1], s[2])] = true
	}
	return m
}

func window(a, b, c, d int16) uint64 {
	return uint64(uint16(a)) | uint64(uint16(b))<<16 | uint64(uint16(c))<<32 | uint64(uint16(d))<<48
}

// in counts how often four samples of the marker lie in b.
func (m *marker) in(b []byte) (n int) {
	for i := 0; i+8 <= len(b); i += 2 {
		if w := binary.LittleEndian.Uint64(b[i:]); w != 0 && m.at[w] {
			n++
		}
	}
	return n
}

// longest is how many samples of the marker lie in b in a row, at the most.
func (m *marker) longest(b []byte) (most int) {
	run := 0
	for i := 0; i+8 <= len(b); i += 2 {
		if w := binary.LittleEndian.Uint64(b[i:]); w == 0 || !m.at[w] {
			run = 0
			continue
		}
		run++
		most = max(most, run+3)
	}
	return most
}

// tooMany samples in a row are 10 ms of both legs, which a buffer that was kept would hold. Once
// in nine runs some 40 were found, as long as one step of a digit detector; Go does not clear
// what a stack leaves behind when it grows.
const tooMany = 160

// inMemory is how many samples in a row there are, at the most, in all that a process may write
// to: what a core file would hold.
func (m *marker) inMemory(t *testing.T, process int) (n, size int) {
	t.Helper()
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", process))
	if os.IsPermission(err) {
		t.Skipf("only root may look into the recorder's memory: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer maps.Close()
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", process))
	if err != nil {
		t.Skipf("the recorder's memory cannot be read here: %v", err)
	}
	defer memory.Close()
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to int64
		var may string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &may); err != nil || !strings.HasPrefix(may, "rw") || strings.Contains(lines.Text(), "[v") {
			continue
		}
		b := make([]byte, 1<<20)
		for at := from; at < to; at += int64(len(b)) {
			k, _ := memory.ReadAt(b[:min(int64(len(b)), to-at)], at) // what is not there is not in a core, either
			n, size = max(n, m.longest(b[:k])), size+k
		}
	}
	return n, size
}

// What was said in a pause is nowhere once the call is over: not in the recorder's memory, of
// which a core file would be made, nor in the data folder, in what it printed, or among
// temporary files. While the pause lasts it is in memory, in the gate: that is the hold-back.
func TestNothingOfAPauseIsLeft(t *testing.T) {
	long(t)
	m := newMarker(3)
	token := newToken()
	toml := tapes(t, map[string][]int16{"call": append(m.samples, codectest.Speech(t, 4*8000)...)}) +
		onTape("Till line", "call", "1h") +
		fmt.Sprintf("[[terminal]]\nname = \"till 1\"\nlines = [\"Till line\"]\ntoken_sha256 = \"%x\"\n", sha256.Sum256([]byte(token)))
	b := newBox(t, toml)
	if err := storage.Create(b.dir, []string{"standard"}); err != nil {
		t.Fatal(err)
	}
	scratch := t.TempDir()
	t.Setenv("TMPDIR", scratch)
	b.start("record")
	k := &till{t: t, url: "https://" + b.api, client: trusting(t, b.dir)}
	ask := func(method, body string) (status int) {
		t.Helper()
		b.await("the recorder to confirm", func() bool {
			status, _ = k.ask(method, "/v1/lines/till-line/pause", token, body)
			return status != http.StatusServiceUnavailable
		})
		return status
	}
	if status := ask("PUT", `{"arm": true}`); status != http.StatusOK {
		t.Fatalf("armed: %d", status)
	}
	b.stop()
	conf, err := os.ReadFile(b.conf)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(b.conf, []byte(strings.ReplaceAll(string(conf), `start = "1h"`, `start = "0s"`)), 0o600); err != nil {
		t.Fatal(err)
	}
	b.start("record")
	line := func() link.LineState {
		s, err := b.status()
		if err != nil {
			t.Fatal(err)
		}
		return s.Lines[0]
	}
	var call string
	b.await("the marker in the paused call", func() bool {
		l := line()
		call = string(l.Call)
		return l.State == link.Paused && call != "" && time.Since(l.Since) > time.Second
	})
	if n, _ := m.inMemory(t, b.cmd.Process.Pid); n < tooMany && time.Since(line().Since) < 3*time.Second {
		t.Error("the marker is not in memory while it is heard: this test proves nothing")
	}
	b.await("speech after the marker", func() bool { return time.Since(line().Since) > 4*time.Second })
	ended := ask("DELETE", "") // if this machine is so busy that the call is over already, the pause is
	b.await("the end of the call", func() bool { return string(line().Call) != call })
	time.Sleep(time.Second) // the hold-back
	n, size := m.inMemory(t, b.cmd.Process.Pid)
	t.Logf("%d MB of memory were searched after the call, and have %d samples of the marker in a row; resumed: %d", size>>20, n, ended)
	if n >= tooMany {
		t.Errorf("%d samples of the marker in a row are in the recorder's memory after the call", n)
	}
	b.stop()
	b.check()
	if n := m.in([]byte(b.out.String())); n > 0 {
		t.Error("the marker is in what the recorder printed")
	}
	for _, dir := range []string{b.dir, scratch} {
		err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(p)
			if m.in(text) > 0 {
				t.Errorf("the marker is in %s", p)
			}
			if dir == scratch {
				t.Errorf("the recorder left the temporary file %s", p)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
