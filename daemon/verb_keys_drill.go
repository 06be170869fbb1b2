package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"linevault/daemon/link"
	"linevault/storage"
	"linevault/storage/keys"
	"linevault/storage/keys/recovery"
	"linevault/storage/ledger"
)

func keysDrillVerb() *cobra.Command {
	var o identityFlags
	c := &cobra.Command{
		Use:   "drill --identity FILE [--identity FILE ...]",
		Short: "Try whether the recovery recipients can bring the root key back, changing nothing",
		Long: `Open the recovery copy with identities, the keyring with what comes of it, and one box of each
period that has recordings, all in memory. Nothing changes but the ledger, which has who tried
it and what came of it. It exits with 3 if a period does not open.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return drill(c, o) },
	}
	o.flags(c)
	return c
}

func drill(c *cobra.Command, o identityFlags) error {
	ring, by, err := o.open(c)
	if err != nil {
		return err
	}
	samples, err := storage.Drill(o.dir, link.Dial(o.dir), ring)
	if err != nil {
		return err
	}
	w, bad := c.OutOrStdout(), 0
	fmt.Fprintf(w, "The identities of %s open the recovery copy and the keyring.\n", recovery.Names(by))
	for _, s := range samples {
		if s.Err != "" {
			bad++
			fmt.Fprintf(w, "period %s: nothing opens: %s\n", s.Period, s.Err)
			continue
		}
		fmt.Fprintf(w, "period %s: opens\n", s.Period)
	}
	fmt.Fprintf(w, "%d of %d period(s) with recordings open.\n", len(samples)-bad, len(samples))
	book, err := ledger.Open(o.dir, ring.Derive("ledger"))
	if err != nil {
		return err
	}
	defer book.Close()
	_, err = book.Append(ledger.Event{
		At: time.Now().UTC(), Kind: rootDrilled, Who: "command line: " + me(),
		Text: fmt.Sprintf("with the identities of %s: %d of %d period(s) open", recovery.Names(by), len(samples)-bad, len(samples)),
	})
	if err == nil && bad > 0 {
		return coded{nil, exitUnsound}
	}
	return err
}

// lockRing locks the ring that open opens, once somebody was told by whose identities. A desk that runs changes
// the keys now and then; what it changed meanwhile is opened anew.
func lockRing(told func(by []recovery.Recipient) error, open func() (*keys.Ring, []recovery.Recipient, error)) error {
	const most = 20
	for tries := 1; ; tries++ {
		ring, by, err := open()
		if err == nil && tries == 1 {
			err = told(by)
		}
		if err == nil {
			err = ring.Lock(me(), time.Now())
		}
		if !errors.Is(err, keys.ErrChanged) || tries == most {
			return err
		}
	}
}

func keysLockVerb() *cobra.Command {
	var o identityFlags
	c := &cobra.Command{
		Use:   "lock --identity FILE [--identity FILE ...]",
		Short: "Take the root key off the box until its recovery recipients bring it back",
		Long: `Take the root key off the box, before it is moved, or when it may have fallen into wrong
hands. Recording goes on; nothing can be played, by nobody, until linevault keys recover has
brought the key back. The identities that bring it back are asked for first, so that nobody
locks out everybody.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if o.from != "" {
				return coded{errors.New("--from: another copy proves nothing: lock with the store's own"), exitUsage}
			}
			if _, err := openRing(o.dir); err != nil {
				return err
			}
			ids, err := o.read(c)
			if err != nil {
				return err
			}
			told := func(by []recovery.Recipient) error { // while it can be written: who locks the box is in the ledger
				return enter(o.dir, ledger.Event{Kind: rootLocked, Who: "command line: " + me(), Text: "with the identities of " + recovery.Names(by)})
			}
			err = lockRing(told, func() (*keys.Ring, []recovery.Recipient, error) { return keys.Recovered(o.dir, "", ids) })
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(c.OutOrStdout(), "Locked. Recording goes on; `linevault keys recover` opens the recordings again.")
			return err
		},
	}
	o.flags(c)
	return c
}
