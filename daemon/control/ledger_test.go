package control_test

import (
	"testing"
	"time"

	"linevault/daemon/control/controltest"
	"linevault/storage/evidence"
	"linevault/storage/ledger"
)

// The status shows the key that signs the ledger and how far it is signed.
func TestStatusShowsTheSigningKey(t *testing.T) {
	b := controltest.New(t)
	list, err := evidence.OpenCheckpoints(b.Dir, [32]byte{1}, b.Ledger)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := list.Close(); err != nil {
			t.Error(err)
		}
	})
	b.Desk.Checkpoints = list
	for _, want := range []int64{0, 1} {
		if want > 0 {
			if _, err := b.Ledger.Append(ledger.Event{Kind: "test"}); err != nil {
				t.Fatal(err)
			}
			if _, err := list.Sign(time.Now()); err != nil {
				t.Fatal(err)
			}
		}
		s, err := b.Desk.Status(t.Context(), admin)
		if err != nil {
			t.Fatal(err)
		}
		if l := s.Ledger; l.Key != string(list.PublicKey()) || l.Fingerprint != list.PublicKey().Fingerprint() || l.Entries != want || l.Signed != want {
			t.Errorf("%+v, not %d entries", l, want)
		}
	}
}
