package control

import (
	"fmt"
	"time"

	"linevault/storage/ledger"
)

// Entry is one entry of the ledger.
type Entry struct {
	Number int64
	ledger.Event
}

// Report is a day of the ledger, for paper.
type Report struct {
	Box              string
	Entries          []Entry
	Signed           string // a checkpoint of all of the ledger; empty where nobody signs it
	Key, Fingerprint string
}

// Report is what happened from one time to another, with a checkpoint signed now. Having read
// it is written down.
func (d *Desk) Report(a Actor, from, to time.Time) (Report, error) {
	if err := a.need(SeeLedger); err != nil {
		return Report{}, err
	}
	err := d.write(ledger.Event{Kind: "ledger read", Who: a.Name, Text: from.Format("2 January 2006"), Data: map[string]string{"address": a.Address}})
	if err != nil {
		return Report{}, err
	}
	var r Report
	if d.Checkpoints != nil {
		signed, err := d.Checkpoints.Sign(d.Now())
		if err != nil {
			return r, fmt.Errorf("sign the ledger: %w", err)
		}
		key := d.Checkpoints.PublicKey()
		r.Box, r.Signed, r.Key, r.Fingerprint = key.Name(), string(signed), string(key), key.Fingerprint()
	}
	const batch = 1000
	var when time.Time
	for at, n := int64(0), d.Ledger.Len(); at < n; at += batch {
		events, err := d.Ledger.Events(at, min(n, at+batch))
		if err != nil {
			return r, fmt.Errorf("read the ledger: %w", err)
		}
		for i, e := range events {
			if !e.At.IsZero() {
				when = e.At
			} // else it has none, and came after the one before it
			if e.Kind == ledger.Damaged || !when.Before(from) && when.Before(to) {
				r.Entries = append(r.Entries, Entry{at + int64(i), e})
			}
		}
	}
	return r, nil
}
