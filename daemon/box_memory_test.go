package main

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"linevault/codec/codectest"
	"linevault/daemon/link"
)

// coreOf is what a debugger writes of a process: its memory, and the registers of its threads. As
// that is 2 GB with all that Go has only reserved, it is nil unless LINEVAULT_CORE is set.
func coreOf(t *testing.T, process int) []byte {
	t.Helper()
	if os.Getenv("LINEVAULT_CORE") == "" {
		return nil
	}
	name := filepath.Join(t.TempDir(), "core")
	out, err := exec.Command("gcore", "-o", name, strconv.Itoa(process)).CombinedOutput()
	if err != nil {
		t.Fatalf("gcore, which Debian's package gdb has: %v, %s", err, out)
	}
	name += "." + strconv.Itoa(process)
	defer os.Remove(name)
	core, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return core
}

// What was said in a pause is nowhere once the call is over: not four samples of it are in the
// memory of the recorder or of the desk, or in a core file of either, nor in the data folder, in
// what they printed, or among temporary files. While the pause lasts it is in memory, in the
// gate: that is the hold-back.
func TestNothingOfAPauseIsLeft(t *testing.T) {
	long(t)
	m := codectest.NewMarker(3)
	token := newToken()
	toml := tapes(t, map[string][]int16{"call": append(m.Samples, codectest.Speech(t, 4*8000)...)}) +
		onTape("Till line", "call", "1h") +
		fmt.Sprintf("[[terminal]]\nname = \"till 1\"\nlines = [\"Till line\"]\ntoken_sha256 = \"%x\"\n", sha256.Sum256([]byte(token)))
	b := newBox(t, toml)
	scratch := t.TempDir()
	t.Setenv("TMPDIR", scratch)
	b.start("run")
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
	b.start("run")
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
	recorder, desk := pidOf(t, b, "record"), pidOf(t, b, "serve")
	if where, _ := m.InMemory(t, recorder); len(where) == 0 && time.Since(line().Since) < 3*time.Second {
		t.Error("the marker is not in memory while it is heard: this test proves nothing")
	}
	b.await("speech after the marker", func() bool { return time.Since(line().Since) > 4*time.Second })
	ended := ask("DELETE", "") // if this machine is so busy that the call is over already, the pause is
	b.await("the end of the call", func() bool { return string(line().Call) != call })
	for name, process := range map[string]int{"recorder": recorder, "desk": desk} {
		where, size := m.InMemory(t, process)
		core := coreOf(t, process)
		t.Logf("%s: %d MB of memory and %d MB of a core file were searched after the call; resumed: %d", name, size>>20, len(core)>>20, ended)
		if len(where) > 0 {
			t.Errorf("the marker is in the memory of the %s after the call:\n%s", name, strings.Join(where, "\n"))
		}
		if traces := m.In(core); len(traces) > 0 {
			t.Errorf("the marker is in a core file of the %s after the call: %v", name, traces)
		}
	}
	b.stop()
	b.check()
	if len(m.In([]byte(b.out.String()))) > 0 {
		t.Error("the marker is in what the recorder printed")
	}
	for _, dir := range []string{b.dir, scratch} {
		err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(p)
			if len(m.In(text)) > 0 {
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
