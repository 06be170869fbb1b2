package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// At a terminal what may take long shows how far it is, to its end; what it prints stays as it is.
func TestProgress(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	seen := func(args ...string) (printed, shown string) {
		t.Helper()
		m, s := openTerminal(t)
		c := linevault(append(args, "--data", dir)...)
		c.Stderr = s
		all := make(chan string)
		go func() {
			var text strings.Builder
			for b := make([]byte, 4096); ; {
				n, err := m.Read(b)
				text.Write(b[:n])
				if err != nil { // the last who had the terminal has gone
					all <- text.String()
					return
				}
			}
		}()
		out, err := c.Output()
		s.Close()
		shown = <-all
		if err != nil {
			t.Fatalf("%v: %v, %s", args, err, shown)
		}
		return strings.TrimSpace(string(out)), shown
	}
	const full = "[##############################] 100 %"
	id, shown := seen("replay", speechFile(t, 20))
	if !strings.Contains(shown, full) || strings.ContainsAny(id, " #") {
		t.Errorf("replay printed %q and showed %q", id, shown)
	}
	_, shown = seen("disclose", id, "--recipient", "council", "--to", "x", "--basis", "y", "--purpose", "z", "-o", filepath.Join(t.TempDir(), "pack.zip"))
	if !strings.Contains(shown, full) {
		t.Errorf("disclose showed %q", shown)
	}
}
