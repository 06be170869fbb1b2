package main

import (
	"bytes"
	"path/filepath"
	"testing"

	"linevault/storage/catalogue/bench"
)

// Both answer alike, also at a size at which no plan is a habit, in a folder that is made for
// them, and once more with what is kept there.
func TestSame(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "kept", "here")
	for range 2 {
		var out bytes.Buffer
		if err := run(&out, dir, 20_000, bench.Queries(20_000, 5)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(out.Bytes(), []byte("same_answers 130 queries")) {
			t.Errorf("%s", out.Bytes())
		}
	}
}
