package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"linevault/daemon/link"
	"linevault/storage"
	"linevault/storage/keys"
	"linevault/storage/ledger"
)

func purgeVerb() *cobra.Command {
	var dir, reason string
	var from, to time.Duration
	c := &cobra.Command{
		Use:   "purge CALL --from TIME --to TIME --reason TEXT",
		Short: "Destroy some seconds of a call for good",
		Long: `Destroy what was said in a call from one time to another, counted from its start, such as
a card number: --from 12s --to 20s, or 1:12 and 1:20.5 as pages show it. It cannot be undone. What touches the span goes in whole
packets, and 20 ms around it; the rest of the call plays as before. The box then tries to open
what was there, signs a certificate and enters it in the ledger. In a call that goes on it is
done when the call has ended, by the desk that runs.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			return withDestruction(dir, func(s *storage.Store, book *ledger.Ledger) error {
				began := time.Now()
				if err := mayPurge(s, storage.CallID(args[0]), from, to); err != nil {
					return err
				}
				cert, err := s.PurgeSpan(storage.CallID(args[0]), from, to, "command line: "+me(), reason, book)
				if errors.Is(err, storage.ErrStillLive) {
					if err := s.PurgeWhenEnded(storage.CallID(args[0]), from, to, "command line: "+me(), reason, book); err != nil {
						return err
					}
					_, err := fmt.Fprintf(c.OutOrStdout(), "the call goes on: %v to %v are destroyed within a minute of its end, and not played until then\n", from, to)
					return err
				}
				if err != nil {
					return err
				}
				fmt.Fprintf(c.OutOrStdout(), "%v to %v of call %s are destroyed, in %v: %d key(s) and %d box(es) tried, none opened\n"+
					"certificate %s\n", cert.From, cert.To, args[0], time.Since(began).Round(time.Millisecond), cert.SelfTest.Keys, cert.SelfTest.Boxes, cert.ID)
				return nil
			})
		},
	}
	dataFlag(c, &dir)
	c.Flags().Var((*instant)(&from), "from", "from which `time` of the call on, such as 12s or 0:12")
	c.Flags().Var((*instant)(&to), "to", "up to which `time` of the call")
	c.Flags().StringVar(&reason, "reason", "", "why, for the ledger and the call's page")
	return required(c, "from", "to", "reason")
}

// mayPurge says what a person may not destroy alone.
func mayPurge(s *storage.Store, id storage.CallID, from, to time.Duration) error {
	row, err := s.Find(id)
	if errors.Is(err, storage.ErrNoCall) {
		return noCall(id)
	}
	if err != nil || row.Live {
		return err
	}
	if err := row.CheckPurge(from, to); err != nil {
		return fmt.Errorf("call %s: %w", id, err)
	}
	return nil
}

// noCall says that a command line names a call that there is not.
func noCall(id storage.CallID) error {
	return fmt.Errorf("there is no call %s; `linevault calls` lists them", id)
}

// withDestruction runs f with what it takes to destroy something.
func withDestruction(dir string, f func(*storage.Store, *ledger.Ledger) error) error {
	return withLedger(dir, func(_ *keys.Ring, book *ledger.Ledger) error {
		s, err := storage.Open(dir, link.Dial(dir))
		if err != nil {
			return err
		}
		defer s.Close()
		return f(s, book)
	})
}
