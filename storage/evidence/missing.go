package evidence

import (
	"fmt"

	"linevault/storage"
	"linevault/storage/ledger"
)

// MissingError is a ledger without an entry that was made when something else on the disk was:
// it is an older copy, or a new one in the place of ours, checkpoints and all.
type MissingError struct{ Of string }

func (e *MissingError) Error() string {
	return fmt.Sprintf("the ledger knows nothing of %s: an older copy was put back, or it was begun anew; "+
		"put the newest copy of the folder ledger back from your backup", e.Of)
}

// Missing sees that the ledger has the entry of each certificate of destruction and, where there
// are accounts, one of somebody who made or used one. It reads the whole ledger.
func Missing(book *ledger.Ledger, certificates []*storage.Certificate, accounts bool) error {
	destroyed := map[string]bool{}
	used := false
	for from, n := int64(0), book.Len(); from < n; from += batch {
		events, err := book.Events(from, min(n, from+batch))
		if err != nil {
			return err
		}
		for _, e := range events {
			switch e.Kind {
			case "destruction":
				destroyed[e.Reference] = true
			case "account made", "sign-in":
				used = true
			case ledger.Damaged:
				return nil // it may have been any; the ledger's own check tells of it
			}
		}
	}
	for _, c := range certificates {
		if !destroyed[c.ID] {
			return &MissingError{Of: fmt.Sprintf("the destruction of %s that certificate %s tells of", c.Done.Format("2 January 2006"), c.ID)}
		}
	}
	if accounts && !used {
		return &MissingError{Of: "the accounts that this box has"}
	}
	return nil
}
