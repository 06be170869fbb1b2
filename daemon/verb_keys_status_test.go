package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestKeysStatusDamaged: a keyring with a line that does not open makes `keys status` exit with 3,
// and says what is lost and what to do.
func TestKeysStatusDamaged(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	must(t, "replay", "--data", dir, speechFile(t, 1))
	must(t, "keys", "status", "--data", dir)
	ring := filepath.Join(dir, "keys", "ring")
	b, err := os.ReadFile(ring)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(b), "\n")
	for i, line := range lines {
		if words := strings.Fields(line); len(words) == 4 && words[0] == "period" {
			lines[i] = strings.Replace(line, words[2], "2001-01-01", 1) // it is sealed for another day
			break
		}
	}
	if err := os.WriteFile(ring, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	said := fails(t, exitUnsound, "keys", "status", "--data", dir)
	if !strings.Contains(said, "the key of standard 2001-01-01 is damaged: its calls open no more here; restore a backup of before") {
		t.Error(said)
	}
}
