package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"linevault/daemon/control"
	"linevault/storage"
	"linevault/storage/keys"
	"linevault/storage/ledger"
)

// purging is what `linevault purge` is told.
type purging struct {
	dir, reason  string
	from, to     time.Duration
	approve, yes bool
}

func purgeVerb() *cobra.Command {
	var o purging
	c := &cobra.Command{
		Use:   "purge CALL --from TIME --to TIME --reason TEXT, or purge CALL --approve",
		Short: "Destroy some seconds of a call for good",
		Long: `Destroy what was said in a call from one time to another, counted from its start, such as
a card number: --from 12s --to 20s, or 1:12 and 1:20.5 as pages show it. It cannot be undone. What touches the span goes in whole
packets, and 20 ms around it; the rest of the call plays as before. The box then tries to open
what was there, signs a certificate and enters it in the ledger. In a call that goes on it is
done when the call has ended, by the desk that runs.

More than ten minutes at once, or, with what was purged before, more than half of the call,
takes two people: one asks as above, another approves with --approve or on the web pages.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			id := storage.CallID(args[0])
			if o.approve {
				return withDesk(o.dir, func(d *control.Desk) error { return o.second(c, d, id) })
			}
			return withDestruction(o.dir, func(s *storage.Store, book *ledger.Ledger) error { return o.first(c, s, book, id) })
		},
	}
	dataFlag(c, &o.dir)
	c.Flags().Var((*instant)(&o.from), "from", "from which `time` of the call on, such as 12s or 0:12")
	c.Flags().Var((*instant)(&o.to), "to", "up to which `time` of the call")
	c.Flags().StringVar(&o.reason, "reason", "", "why, for the ledger and the call's page")
	c.Flags().BoolVar(&o.approve, "approve", false, "approve what another person asked for")
	yesFlag(c, &o.yes)
	c.MarkFlagsRequiredTogether("from", "to", "reason")
	c.MarkFlagsOneRequired("from", "approve")
	c.MarkFlagsMutuallyExclusive("from", "approve")
	return c
}

// first destroys what one person may, and asks for the rest.
func (o *purging) first(c *cobra.Command, s *storage.Store, book *ledger.Ledger, id storage.CallID) error {
	began, by := time.Now(), "command line: "+me()
	row, err := mayPurge(s, id, o.from, o.to)
	if err != nil {
		return err
	}
	if row.TakesTwo(o.from, o.to) {
		if row.Live {
			return fmt.Errorf("call %s goes on, and so far %w: try again when it has ended", id, storage.ErrTakesTwo)
		}
		if err := s.AskPurge(id, o.from, o.to, by, o.reason, book); err != nil {
			return err
		}
		_, err := fmt.Fprintf(c.OutOrStdout(), "noted, and nothing destroyed: %v; linevault purge %s --approve, or Approvals on the web pages\n", storage.ErrTakesTwo, id)
		return err
	}
	if err := confirm(c, o.yes, goes(row, o.from, o.to)); err != nil {
		return err
	}
	cert, err := s.PurgeSpan(id, o.from, o.to, by, o.reason, book)
	if errors.Is(err, storage.ErrStillLive) {
		if err := s.PurgeWhenEnded(id, o.from, o.to, by, o.reason, book); err != nil {
			return err
		}
		_, err := fmt.Fprintf(c.OutOrStdout(), "the call goes on: %v to %v are destroyed within a minute of its end, and not played until then\n", o.from, o.to)
		return err
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "%v to %v of call %s are destroyed, in %v: %d key(s) and %d box(es) tried, none opened\n"+
		"certificate %s\n", cert.From, cert.To, id, time.Since(began).Round(time.Millisecond), cert.SelfTest.Keys, cert.SelfTest.Boxes, cert.ID)
	return err
}

// second is another person's approval.
func (o *purging) second(c *cobra.Command, d *control.Desk, id storage.CallID) error {
	a := atCommandLine()
	r, err := waitingFor(d, a, control.AskedPurge, string(id))
	if err != nil {
		return err
	}
	if r == nil {
		return fmt.Errorf("nobody has asked for a part of call %s to be destroyed; `linevault requests` lists what waits", id)
	}
	from, to, err := r.Span()
	if err != nil {
		return err
	}
	row, err := mayPurge(d.Store, id, from, to)
	if err != nil {
		return err
	}
	if storage.SamePerson(r.By, a.Name) {
		return storage.ErrSamePerson
	}
	if err := confirm(c, o.yes, goes(row, from, to)+" "+r.By+" asked for it: "+r.Reason+"."); err != nil {
		return err
	}
	done, err := d.Approve(a, r.ID)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "%v to %v of call %s are destroyed\ncertificate %s\n", from, to, id, done.Certificate)
	return err
}

// goes says what a purge destroys.
func goes(row storage.Row, from, to time.Duration) string {
	end := to
	if !row.Live {
		end = min(to, row.Length)
	}
	return fmt.Sprintf("%v to %v of call %s, which is %v of %v, will be gone for good.", from, end, row.Call.ID,
		(end - from).Round(time.Millisecond), row.Length.Round(time.Millisecond))
}

// mayPurge is the call, or says what nobody may purge.
func mayPurge(s *storage.Store, id storage.CallID, from, to time.Duration) (storage.Row, error) {
	row, err := s.Find(id)
	if errors.Is(err, storage.ErrNoCall) {
		return row, noCall(id)
	}
	if err != nil || row.Live {
		return row, err
	}
	if err := row.CheckPurge(from, to); err != nil {
		return row, fmt.Errorf("call %s: %w", id, err)
	}
	return row, nil
}

// noCall says that a command line names a call that there is not.
func noCall(id storage.CallID) error {
	return fmt.Errorf("there is no call %s; `linevault calls` lists them", id)
}

// withDestruction runs f with what it takes to destroy something.
func withDestruction(dir string, f func(*storage.Store, *ledger.Ledger) error) error {
	return withLedger(dir, func(_ *keys.Ring, book *ledger.Ledger) error {
		s, err := openWhole(dir)
		if err != nil {
			return err
		}
		defer s.Close()
		return f(s, book)
	})
}
