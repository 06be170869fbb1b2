package main

import (
	"bytes"
	"path/filepath"
	"testing"
)

// Both answer alike, also at a size at which no plan is a habit, in a folder that is made for the database.
func TestSame(t *testing.T) {
	dir := t.TempDir()
	var out bytes.Buffer
	if err := run(&out, dir, filepath.Join(dir, "kept", "here"), 20_000, 5); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(out.Bytes(), []byte("same_answers 130 queries")) {
		t.Errorf("%s", out.Bytes())
	}
}
