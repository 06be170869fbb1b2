package main

import (
	"bytes"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"linevault/daemon/link"
	"linevault/storage"
)

// The recorder is killed again and again in mid call. Nothing that was committed is lost,
// everything reappears by itself, and nothing readable lies in the folder.
func TestRecorderKilled(t *testing.T) {
	kills := 12
	if testing.Short() {
		kills = 3
	}
	_, toml := scripts(t, 8, 300)
	b := newBox(t, toml)
	if err := storage.Create(b.dir, []string{"standard"}); err != nil {
		t.Fatal(err)
	}
	committed := map[storage.CallID]float64{}
	for range kills {
		b.start("record")
		b.await("all lines to record", func() bool {
			s, _ := b.status()
			return count(s, link.Recording) == 8
		})
		time.Sleep(time.Duration(500+rand.IntN(1500)) * time.Millisecond)
		for _, c := range b.calls() {
			if c.State == "live" {
				committed[c.ID] = c.Length
			}
		}
		if err := b.cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = b.cmd.Wait() // killed
	}
	said := b.check()
	if len(committed) == 0 {
		t.Fatal("no call was committed before a kill: this test proves nothing")
	}
	found := map[storage.CallID]callJSON{}
	for _, c := range b.calls() {
		found[c.ID] = c
	}
	for id, length := range committed {
		c, ok := found[id]
		if !ok || c.State != string(storage.Interrupted) || c.Length < length {
			t.Errorf("%.1f s of call %s were committed; afterwards it is %+v", length, id, c)
		}
		const rounding = 1e-6 // s: the two are divided differently
		if n := float64(len(b.sound(string(id)))) / 8000 / 2; n < length-rounding {
			t.Errorf("%.1f s of call %s were committed, and %.1f s play", length, id, n)
		}
	}
	t.Logf("%d kills, %d calls cut off: %s", kills, len(committed), strings.TrimSpace(said))
	unreadable(t, b.dir, "0207946", "Revenues", "Line 1", "line-1")
}

// unreadable is invariant 4, Nothing readable at rest. Files may come and go while it looks.
func unreadable(t *testing.T, dir string, planted ...string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		text, err := os.ReadFile(p)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		for _, s := range planted {
			if bytes.Contains(text, []byte(s)) || strings.Contains(p, s) {
				t.Errorf("invariant 4: %q can be read in %s", s, p)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func count(s link.Status, state link.State) (n int) {
	for _, l := range s.Lines {
		if l.State == state {
			n++
		}
	}
	return n
}

// The desk is killed while calls are recorded. The recorder does not notice, the desk comes
// back, and no call has a gap.
func TestDeskKilled(t *testing.T) {
	_, toml := scripts(t, 4, 8)
	b := newBox(t, toml)
	b.start("run")
	b.await("calls", func() bool { s, _ := b.status(); return count(s, link.Recording) == 4 })
	recorder := pidOf(t, b, "record")
	for range 2 {
		desk := pidOf(t, b, "serve")
		if err := syscall.Kill(desk, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		b.await("another desk", func() bool { p := pid(b, "serve"); return p != 0 && p != desk })
	}
	b.await("whole calls", func() bool {
		n := 0
		for _, c := range b.calls() {
			if c.State == string(storage.HungUp) {
				n++
			}
		}
		return n >= 4
	})
	if p := pid(b, "record"); p != recorder {
		t.Errorf("the recorder was process %d and is %d", recorder, p)
	}
	b.stop()
	b.check()
	for _, c := range b.calls() {
		if c.State == string(storage.HungUp) && (c.Length != 8 || len(c.Gaps) != 0) {
			t.Errorf("call %+v is not whole", c)
		}
		if c.State == string(storage.Interrupted) {
			t.Errorf("call %+v was cut off", c)
		}
	}
}

func pidOf(t *testing.T, b *box, verb string) int {
	t.Helper()
	p := 0
	b.await("the process "+verb, func() bool { p = pid(b, verb); return p != 0 })
	return p
}

// pid finds the box's child that runs verb.
func pid(b *box, verb string) int {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, name := range all {
		line, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		args := strings.Split(string(line), "\x00")
		if len(args) > 4 && args[1] == verb && strings.Contains(string(line), b.dir) {
			n, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
			return n
		}
	}
	return 0
}
