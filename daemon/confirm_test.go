package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// typing is a terminal on which somebody has typed an answer.
func typing(t *testing.T, answer string) *os.File {
	t.Helper()
	m, s := openTerminal(t)
	if _, err := m.WriteString(answer); err != nil {
		t.Fatal(err)
	}
	return s
}

// openTerminal is both ends of a terminal: what somebody sees and types, and what a program has.
func openTerminal(t *testing.T) (m, s *os.File) {
	t.Helper()
	m, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("there are no terminals here: %v", err)
	}
	t.Cleanup(func() { m.Close() })
	err = unix.IoctlSetPointerInt(int(m.Fd()), unix.TIOCSPTLCK, 0)
	n := 0
	if err == nil {
		n, err = unix.IoctlGetInt(int(m.Fd()), unix.TIOCGPTN)
	}
	if err != nil {
		t.Fatal(err)
	}
	s, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return m, s
}

// At a terminal a purge says what will be gone, and does it only after y.
func TestConfirm(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	id := replayed(t, dir)
	purge := func(answer string, args ...string) (string, error) {
		c := linevault(append([]string{"purge", id, "--from", "1s", "--to", "2s", "--reason", "x", "--data", dir}, args...)...)
		c.Stdin = typing(t, answer)
		out, err := c.CombinedOutput()
		return string(out), err
	}
	for _, answer := range []string{"n\n", "\n", "\x04"} {
		said, err := purge(answer)
		if err == nil || !strings.Contains(said, "1s to 2s of call "+id+", which is 1s of 5s, will be gone for good.\nGo on? [y/N]") || !strings.Contains(said, "nothing was done") {
			t.Errorf("%q: %v, %s", answer, err, said)
		}
	}
	if all := must(t, "calls", "--json", "--data", dir); strings.Contains(all, `"purged"`) {
		t.Fatalf("it was done: %s", all)
	}
	if said, err := purge("y\n"); err != nil || !strings.Contains(said, "are destroyed") {
		t.Errorf("%v, %s", err, said)
	}
	c := linevault("purge", id, "--from", "3s", "--to", "4s", "--reason", "x", "--yes", "--data", dir)
	c.Stdin = typing(t, "")
	if said, err := c.CombinedOutput(); err != nil || strings.Contains(string(said), "Go on?") {
		t.Errorf("with --yes: %v, %s", err, said)
	}
}
