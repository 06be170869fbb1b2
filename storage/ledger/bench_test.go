package ledger

import (
	"os"
	"path/filepath"
	"testing"
)

func BenchmarkAppend(b *testing.B) {
	l := open(b, b.TempDir())
	for b.Loop() {
		if _, err := l.Append(event(1)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendAll100(b *testing.B) {
	l := open(b, b.TempDir())
	es := make([]Event, 100)
	for b.Loop() {
		if _, err := l.AppendAll(es); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFsync is what the disk alone takes: a plain append of as many bytes, and fdatasync.
func BenchmarkFsync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "plain"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for b.Loop() {
		if _, err := f.Write(make([]byte, 200)); err != nil {
			b.Fatal(err)
		}
		if err := datasync(f); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify100k(b *testing.B) {
	l := open(b, fill(b, 100_000))
	for b.Loop() {
		if err := l.Verify(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen100k(b *testing.B) {
	dir := fill(b, 100_000)
	for b.Loop() {
		l, err := Open(dir, key)
		if err != nil {
			b.Fatal(err)
		}
		if err := l.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
