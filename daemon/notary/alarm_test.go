package notary

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linevault/daemon/control/controltest"
	"linevault/daemon/health"
	"linevault/storage"
	"linevault/storage/evidence"
	"linevault/storage/ledger"
)

// A ledger that was put back is not signed, and an alarm says so until the right one is back.
func TestRolledBackAlarm(t *testing.T) {
	b := controltest.New(t)
	b.Demo(t)
	entries := filepath.Join(b.Dir, "ledger", "entries")
	log := slog.New(slog.DiscardHandler)
	board := health.NewBoard(log)
	// once is a desk that starts, signs and ends.
	once := func() (alarm string) {
		t.Helper()
		book, err := ledger.Open(b.Dir, [32]byte{9})
		must(t, err)
		defer book.Close()
		store, err := storage.Open(b.Dir, nil)
		must(t, err)
		defer store.Close()
		list, err := evidence.OpenCheckpoints(b.Dir, [32]byte{3}, book)
		must(t, err)
		defer list.Close()
		_, err = book.Append(ledger.Event{At: time.Now(), Kind: "test"})
		must(t, err)
		ctx, stop := context.WithCancel(t.Context())
		stop()
		Run(ctx, Config{Dir: b.Dir, Store: store, Register: evidence.New(store, book), Checkpoints: list, Health: board, Log: log})
		for _, a := range board.Alarms() {
			if a.Key == "ledger signature" {
				alarm = a.Text
			}
		}
		return alarm
	}
	must(t, os.RemoveAll(filepath.Join(b.Dir, "ledger")))
	once()
	old, err := os.ReadFile(entries)
	must(t, err)
	for range 3 {
		if alarm := once(); alarm != "" {
			t.Fatalf("an alarm without a reason: %s", alarm)
		}
	}
	whole := filepath.Join(t.TempDir(), "ledger")
	must(t, os.CopyFS(whole, os.DirFS(filepath.Join(b.Dir, "ledger"))))
	must(t, os.WriteFile(entries, old, 0o600))
	must(t, os.Remove(filepath.Join(b.Dir, "ledger", "hashes")))
	must(t, os.Remove(filepath.Join(b.Dir, "ledger", "index")))
	if alarm := once(); !strings.Contains(alarm, "put the") || !strings.Contains(alarm, "backup") {
		t.Errorf("a ledger that was put back: %q", alarm)
	}
	must(t, os.RemoveAll(filepath.Join(b.Dir, "ledger")))
	must(t, os.CopyFS(filepath.Join(b.Dir, "ledger"), os.DirFS(whole)))
	if alarm := once(); alarm != "" {
		t.Errorf("the right one is back: %q", alarm)
	}
}
