// Package control is everything an operator may do. Web, API and console are thin faces of
// it: each method here checks that who asks may do it, that a purpose is given where one is
// needed, and that it is in the ledger, in one place. No key, segment or packet leaves it.
package control

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"
	"time"

	"linevault/daemon/account/clerk"
	"linevault/daemon/auth"
	"linevault/daemon/health"
	"linevault/daemon/linetest"
	"linevault/daemon/link"
	"linevault/storage"
	"linevault/storage/evidence"
	"linevault/storage/ledger"
)

// Recorder is the recorder as the desk sees it; link.Client is one.
type Recorder interface {
	Status(ctx context.Context) (link.Status, error)
	Watch(ctx context.Context) iter.Seq2[link.Status, error]
	Hand(ctx context.Context, h link.Hand) (link.Switched, error)
}

// Config is what a desk works on.
type Config struct {
	Dir      string // the data folder, to say how full its disk is
	Accounts *auth.Store
	Store    *storage.Store
	Ledger   *ledger.Ledger
	// Checkpoints are what the ledger is signed with; nil where nobody signs it.
	Checkpoints *evidence.Checkpoints
	// Clerk accounts for calls; nil where nobody does.
	Clerk    *clerk.Clerk
	Recorder Recorder
	// Health has the alarms of the desk itself; nil where there are none.
	Health *health.Board
	// Archive keeps the certificates of line tests; nil where lines are not tested.
	Archive *linetest.Archive
	Version string
	Log     *slog.Logger
	Now     func() time.Time // nil is time.Now
	// Policies are the terms; Clock reads the clocks that they go by, nil the machine's.
	Policies []storage.Policy
	Clock    func() (storage.Reading, error)
	// StopBelow is how many bytes must be free on the disk for calls to be recorded; WarnDays are
	// how many days before that people are told.
	StopBelow int64
	WarnDays  []int
}

// Desk carries out what operators ask. It is safe for concurrent use.
type Desk struct {
	Config

	grants    grants
	findings  findings
	approving sync.Mutex // held while something is approved, so that it is done once
	terms     terms
	confirmed confirmations
	tests     lineTests
	space     space

	mu        sync.Mutex // guards refreshed
	refreshed time.Time
}

// New is a desk over c.
func New(c Config) *Desk {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Clock == nil {
		c.Clock = storage.ReadClock
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Desk{Config: c, grants: grants{held: make(map[string]*grant)}, findings: findings{held: make(map[storage.CallID][]int)}, confirmed: confirmations{last: make(map[string]confirmation)}}
}

// refreshEvery bounds how often the store looks for new calls on behalf of readers.
const refreshEvery = time.Second

// refresh lets the store see what the recorder has written since. A store that cannot look
// again still answers with what it knew.
func (d *Desk) refresh() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if since := d.Now().Sub(d.refreshed); since >= 0 && since < refreshEvery {
		return
	}
	d.refreshed = d.Now()
	if err := d.Store.Glance(); err != nil {
		d.Log.Warn("the store could not look for new calls", "err", err)
	}
}

// ErrLedger tells a user why something was not done: what cannot be written down does not
// happen.
var ErrLedger = errors.New("the audit ledger cannot be written, so this was not done; an administrator can see why on the Status page")

// write puts e in the ledger, before what it tells is done.
func (d *Desk) write(e ledger.Event) error {
	e.At = d.Now().UTC()
	if _, err := d.Ledger.Append(e); err != nil {
		d.Log.Error("the ledger could not be written", "kind", e.Kind, "err", err)
		return fmt.Errorf("%w (%w)", ErrLedger, err)
	}
	return nil
}
