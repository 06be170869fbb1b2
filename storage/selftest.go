package storage

import (
	"encoding/hex"
	"fmt"
	"os"
	"slices"
	"time"

	"linevault/storage/keys"
	"linevault/storage/ledger"
	"linevault/storage/seal"
)

// selfTest tries to open what a job destroyed with everything that the box still has: each
// private key in the ring, of whatever period, on the old locked keys, and each part key of the
// period on the old first boxes.
func (s *Store) selfTest(j *job) (SelfTest, error) {
	var t SelfTest
	for i, v := range slices.Concat(j.Victims, j.Sample) {
		days, _ := s.ring.Periods()
		t.Keys += len(days)
		opens, err := s.ring.Unlocks(v.Period, v.Part, v.Locked)
		if err != nil {
			return t, err
		}
		if opens {
			t.Opened++
		}
		if i >= len(j.Victims) {
			continue // no part key of the period is left to try
		}
		n, err := s.tryBox(v)
		if err != nil {
			return t, err
		}
		t.Boxes++
		t.Opened += n
	}
	return t, nil
}

// tryBox tries the keys of all parts of a period on a victim's first box.
func (s *Store) tryBox(v victim) (opened int, err error) {
	parts, err := keys.ReadPartFile(s.dir, v.Period.Class, v.Period.Day)
	if err != nil {
		return 0, err
	}
	identity, err := s.ring.Identity(v.Period.Class, v.Period.Day)
	if err != nil {
		return 0, err
	}
	at := seal.Place{Part: v.Part, Kind: seal.Header}
	for id, l := range parts {
		key, err := identity.Unlock(id, l)
		if err != nil {
			continue // destroyed
		}
		if _, err := key.Open(nil, at, v.Box); err == nil {
			opened++
		}
		key.Forget()
	}
	return opened, nil
}

// certify writes a job's certificate and its entry in the ledger.
func (s *Store) certify(j *job, test SelfTest, rest []string, book *ledger.Ledger) error {
	c := Certificate{
		ID: j.ID, Kind: j.Kind, Call: j.Call, From: j.From, To: j.To, By: j.By, Reason: j.Reason,
		Approved: j.Approved, Begun: j.Begun, Done: time.Now().UTC().Truncate(time.Second),
		Periods: j.Periods, Calls: j.Calls, RootKey: s.ring.RootID(), SelfTest: test, Rest: rest,
	}
	for _, v := range j.Victims {
		p := DestroyedPart{Part: v.Part.String(), Class: v.Period.Class, Day: v.Period.Day, Boxes: v.Boxes}
		if v.Remade != (seal.PartID{}) {
			p.Remade = v.Remade.String()
		}
		c.Parts = append(c.Parts, p)
	}
	b, err := c.sign(certificateKey(s.ring))
	if err != nil {
		return err
	}
	path := certificatePath(s.dir, j.ID)
	if _, err := os.Lstat(path); err == nil && entered(book, j.ID) {
		return nil // a crash came between the ledger and the end of the job
	}
	if err := replaceFile(path, b); err != nil {
		return fmt.Errorf("write the certificate: %w", err)
	}
	_, err = book.Append(ledger.Event{
		At: time.Now().UTC(), Kind: "destruction", Who: j.By, Call: string(j.Call), Purpose: j.Reason, Reference: j.ID, Text: j.text(),
		Data: map[string]string{"kind": string(j.Kind), "approved": j.Approved, "certificate_sha256": hex.EncodeToString(hashOf(b))},
	})
	return err
}

func hashOf(b []byte) []byte {
	h := seal.Hash(b)
	return h[:]
}

// entered reports whether the ledger has the destruction already: it would be among the last.
func entered(book *ledger.Ledger, id string) bool {
	events, err := book.Events(max(0, book.Len()-100), book.Len())
	for _, e := range events {
		if e.Kind == "destruction" && e.Reference == id {
			return true
		}
	}
	return err != nil
}

// text says in one sentence what a job destroys.
func (j *job) text() string {
	switch j.Kind {
	case Purge:
		return fmt.Sprintf("destroyed %v to %v of the call", j.From, j.To)
	case Erasure:
		return "destroyed the whole call before its time"
	default:
		return fmt.Sprintf("destroyed %d call(s) in %d period(s) at the end of their retention", j.Calls, len(j.Periods))
	}
}
