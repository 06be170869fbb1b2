package control

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"linevault/storage/checkpoint"
)

// Status is how the box is.
type Status struct {
	Version           string
	DiskFree, DiskAll int64 // bytes
	Calls             int
	Alarms            []Alarm
	Recorder          string // why it cannot be asked; empty if it runs
	Problems          []Problem
	Ledger            LedgerStatus
	Scrub             ScrubStatus
}

// ScrubStatus is how far the nightly reading of what is stored has come.
type ScrubStatus struct {
	Last           time.Time // when a share was read; zero if none was yet
	Segments, Read int       // there are, and were read at some time
	Oldest         time.Time // of those that were read: when that was longest ago
	Findings       int
}

// LedgerStatus is what proves calls: how many entries there are, and the key that signs them.
type LedgerStatus struct {
	Entries, Signed  int64
	SignedAt         time.Time
	Key, Fingerprint string // the public half; empty where nobody signs
}

// Problem is something in the store that was set aside or cannot be read.
type Problem struct{ Segment, Text string }

// Status is how the box is now. It tells nothing about any one call.
func (d *Desk) Status(ctx context.Context, a Actor) (Status, error) {
	if err := a.need(SeeStatus); err != nil {
		return Status{}, err
	}
	s := Status{Version: d.Version}
	var disk unix.Statfs_t
	if err := unix.Statfs(d.Dir, &disk); err != nil {
		return Status{}, fmt.Errorf("look at the disk of %s: %w", d.Dir, err)
	}
	s.DiskFree, s.DiskAll = int64(disk.Bavail)*disk.Bsize, int64(disk.Blocks)*disk.Bsize
	d.refresh()
	page, err := d.Store.Calls(Query{}.storage())
	if err != nil {
		return Status{}, fmt.Errorf("count calls: %w", err)
	}
	s.Calls = page.Total
	for _, p := range d.Store.Problems() {
		s.Problems = append(s.Problems, Problem{Segment: p.Segment, Text: p.Text})
	}
	if s.Scrub, err = d.scrubStatus(); err != nil {
		s.Problems = append(s.Problems, Problem{Text: err.Error()})
	}
	if s.Ledger, err = d.ledgerStatus(); err != nil {
		s.Problems = append(s.Problems, Problem{Segment: "ledger", Text: err.Error()})
	}
	now, err := d.Recorder.Status(ctx)
	if err != nil {
		s.Recorder = err.Error()
	}
	s.Alarms = d.board(now).Alarms
	return s, nil
}

func (d *Desk) ledgerStatus() (LedgerStatus, error) {
	s := LedgerStatus{Entries: d.Ledger.Len()}
	if d.Checkpoints == nil {
		return s, nil
	}
	key := d.Checkpoints.PublicKey()
	s.Key, s.Fingerprint = string(key), key.Fingerprint()
	signed, err := d.Checkpoints.Last()
	if err != nil || signed == nil {
		return s, err
	}
	c, err := checkpoint.Open(signed, key)
	s.Signed, s.SignedAt = c.Tree.N, c.At
	return s, err
}

func (d *Desk) scrubStatus() (ScrubStatus, error) {
	at, err := d.Store.Scrubbed()
	s := ScrubStatus{Last: at.Last, Segments: d.Store.Segments(), Read: len(at.Read), Findings: len(at.Findings)}
	for _, t := range at.Read {
		if s.Oldest.IsZero() || t.Before(s.Oldest) {
			s.Oldest = t
		}
	}
	return s, err
}
