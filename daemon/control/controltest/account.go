package controltest

import (
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/account"
	"linevault/storage"
)

// Account lets six calls of today be accounted for: two that a restart cut short, one that a rule excluded, and
// three of which nothing was stored.
func (b *Box) Account(t testing.TB) {
	t.Helper()
	book, err := account.Open(b.Dir, func(err error) { must(t, err) })
	must(t, err)
	now := time.Now()
	begin := func(line, name string, gaps ...Gap) storage.CallID {
		id := b.Record(t, Call{Line: line, Name: name, Start: now, Length: 2 * time.Second, End: storage.HungUp, Gaps: gaps})
		book.Begin(id, "", pcm.LineID(line), now)
		return id
	}
	end := func(id storage.CallID, why account.Why) {
		book.Kept(id, why)
		book.Over(id)
	}
	for range 2 {
		end(begin("parking", "Parking fines"), account.Restarted)
	}
	end(begin("repairs", "Housing repairs", Gap{To: 2 * time.Second, Cause: storage.NotByPolicy, Reason: "outside window of \"Elections\""}), "")
	for _, why := range []account.Why{account.Storage, account.NoSound, account.NoSound} {
		id := storage.NewCallID(now)
		book.Begin(id, "", "council-tax", now)
		end(id, why)
	}
	book.Close()
	_, err = b.Desk.Clerk.Enter()
	must(t, err)
}
