package bench_test

import (
	"bytes"
	"os"
	"strconv"
	"testing"

	"linevault/storage/catalogue/bench"
)

// The bench itself works: every kind is asked and answered.
func TestRun(t *testing.T) {
	var out bytes.Buffer
	if err := bench.Run(&out, t.TempDir(), 5000); err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(out.Bytes(), []byte("\n")); n != 26+8 {
		t.Errorf("%d lines:\n%s", n, out.Bytes())
	}
}

// BenchmarkCatalogue runs the bench with CONTACTS contacts, a million if that is not set.
func BenchmarkCatalogue(b *testing.B) {
	n := 1_000_000
	if s := os.Getenv("CONTACTS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if err := bench.Run(os.Stdout, b.TempDir(), n); err != nil {
			b.Fatal(err)
		}
	}
}
