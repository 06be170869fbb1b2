package notary

import (
	"context"
	"errors"
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
	"linevault/storage/keys"
	"linevault/storage/ledger"
)

// A ledger that was deleted, checkpoints and all, is not begun anew unseen: after a clean end
// the next desk finds it by the keyring, and an alarm says so until the ledger is back.
func TestDeletedAlarm(t *testing.T) {
	b := controltest.New(t)
	b.Demo(t)
	log := slog.New(slog.DiscardHandler)
	board := health.NewBoard(log)
	folder := filepath.Join(b.Dir, "ledger")
	// once is a desk that starts, signs and ends.
	once := func() (alarm string) {
		t.Helper()
		ring, err := keys.OpenRing(b.Dir)
		must(t, err)
		book, err := ledger.Open(b.Dir, ring.Derive("ledger"))
		must(t, err)
		store, err := storage.Open(b.Dir, nil)
		must(t, err)
		defer store.Close()
		list, err := evidence.OpenAnchored(b.Dir, ring, book)
		must(t, err)
		_, err = book.Append(ledger.Event{At: time.Now(), Kind: "test"})
		must(t, err)
		ctx, stop := context.WithCancel(t.Context())
		stop()
		Run(ctx, Config{Dir: b.Dir, Store: store, Register: evidence.New(store, book), Checkpoints: list, Health: board, Log: log})
		must(t, errors.Join(list.Close(), book.Close()))
		for _, a := range board.Alarms() {
			if a.Key == "ledger signature" {
				alarm = a.Text
			}
		}
		return alarm
	}
	must(t, os.RemoveAll(folder))
	for range 3 {
		if alarm := once(); alarm != "" {
			t.Fatalf("an alarm without a reason: %s", alarm)
		}
	}
	whole := filepath.Join(t.TempDir(), "ledger")
	must(t, os.CopyFS(whole, os.DirFS(folder)))
	must(t, os.RemoveAll(folder))
	for range 2 {
		if alarm := once(); !strings.Contains(alarm, "the keyring says") || !strings.Contains(alarm, "backup") {
			t.Fatalf("a ledger that was deleted: %q", alarm)
		}
	}
	must(t, os.RemoveAll(folder))
	must(t, os.CopyFS(folder, os.DirFS(whole)))
	if alarm := once(); alarm != "" {
		t.Errorf("the right one is back: %q", alarm)
	}
}
