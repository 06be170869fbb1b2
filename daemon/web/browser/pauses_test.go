package browser

import (
	"testing"
	"time"

	"linevault/daemon/control/controltest"
	"linevault/storage"
)

// TestPauses reads how pauses were asked for, prints the sheet, and releases a part of a call
// from quarantine, with JavaScript and without.
func TestPauses(t *testing.T) {
	s := withAccount(t)
	s.Record(t, controltest.Call{
		Line: "repairs", Name: "Housing repairs", Start: time.Now(), Length: 14 * time.Second, End: storage.HungUp,
		Late: &controltest.Gap{From: 6 * time.Second, To: 9 * time.Second, Cause: storage.Quarantined, By: "terminal till 9", Reason: "a payment, and no pause"},
		Asked: []storage.Asked{
			{Kind: storage.ByContact, By: "contact door", At: 8000, To: 16000, Latency: 12 * time.Millisecond},
			{Kind: storage.ByTerminal, By: "terminal till 9", Reason: "ref 77", At: 52000, To: 72000, Missed: true},
		},
	})
	s.run(t, "pauses.mjs")
	released := 0
	for _, e := range s.Events(t) {
		if e.Kind == "quarantine released" {
			released++
		}
	}
	if released != 1 {
		t.Errorf("the ledger has %d releases", released)
	}
}
