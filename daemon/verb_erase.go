package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"linevault/storage"
	"linevault/storage/ledger"
)

func eraseVerb() *cobra.Command {
	var dir, reason string
	var approve, yes bool
	c := &cobra.Command{
		Use:   "erase CALL --reason TEXT, or erase CALL --approve",
		Short: "Destroy a whole call before its time, which takes two people",
		Long: `Destroy a whole call before its time. It cannot be undone. One person asks, with --reason;
another one approves, with --approve, here or on the web pages. The box then tries to open
what was there, signs a certificate and enters it in the ledger. A call under legal hold is
never destroyed.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			if approve == (reason != "") {
				return coded{errors.New("say --reason to ask for it, or --approve to approve what somebody else asked for"), exitUsage}
			}
			return withDestruction(dir, func(s *storage.Store, book *ledger.Ledger) error {
				id := storage.CallID(args[0])
				if approve {
					return approveErasure(c, yes, s, book, id)
				}
				return askErasure(c.OutOrStdout(), s, book, id, reason)
			})
		},
	}
	dataFlag(c, &dir)
	c.Flags().StringVar(&reason, "reason", "", "the ground, for the certificate")
	c.Flags().BoolVar(&approve, "approve", false, "approve what another person asked for")
	yesFlag(c, &yes)
	return c
}

func askErasure(w io.Writer, s *storage.Store, book *ledger.Ledger, id storage.CallID, reason string) error {
	row, err := s.Find(id)
	if errors.Is(err, storage.ErrNoCall) {
		return fmt.Errorf("there is no call %s; `linevault calls` lists them", id)
	}
	if err != nil {
		return err
	}
	if row.Live {
		return storage.ErrStillLive
	}
	held, err := s.Holds()
	if err != nil {
		return err
	}
	for _, h := range held {
		if h.Call == id {
			return storage.ErrOnHold
		}
	}
	if _, err := s.Ask(storage.Request{Kind: storage.AskedErasure, Call: id, By: "command line: " + me(), Reason: reason}, book); err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "noted; another person must approve it: linevault erase %s --approve, or Approvals on the web pages\n", id)
	return err
}

func approveErasure(c *cobra.Command, yes bool, s *storage.Store, book *ledger.Ledger, id storage.CallID) error {
	all, err := s.Requests()
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Kind != storage.AskedErasure || r.Call != id {
			continue
		}
		by := "command line: " + me()
		if storage.SamePerson(r.By, by) {
			return storage.ErrSamePerson
		}
		row, err := s.Find(id)
		if err != nil {
			return err
		}
		if err := confirm(c, yes, fmt.Sprintf("Call %s, all %v of it, will be gone for good. %s asked for it: %s.",
			id, row.Length.Round(time.Millisecond), r.By, r.Reason)); err != nil {
			return err
		}
		cert, err := s.EraseCall(id, r.By, r.Reason, by, book)
		if err != nil {
			return err
		}
		if err := s.Settled(r.ID); err != nil {
			return err
		}
		_, err = fmt.Fprintf(c.OutOrStdout(), "call %s is destroyed: %d key(s) and %d box(es) tried, none opened\ncertificate %s\n",
			id, cert.SelfTest.Keys, cert.SelfTest.Boxes, cert.ID)
		return err
	}
	return fmt.Errorf("nobody has asked for call %s to be destroyed: linevault erase %s --reason does", id, id)
}
