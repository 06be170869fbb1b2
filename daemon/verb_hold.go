package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"linevault/storage"
	"linevault/storage/ledger"
)

func holdVerb() *cobra.Command {
	c := &cobra.Command{
		Use:   "hold",
		Short: "Keep a call beyond its term",
		Args:  usage(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(holdSetVerb(), holdReviewVerb(), holdReleaseVerb(), holdListVerb())
	return c
}

// hold is what the verbs share that change one.
type hold struct{ dir, reason, review string }

func (h *hold) flags(c *cobra.Command, reason string, more ...string) *cobra.Command {
	dataFlag(c, &h.dir)
	c.Flags().StringVar(&h.reason, "reason", "", reason)
	for _, name := range more {
		c.Flags().StringVar(&h.review, name, "", "the next `day` on which somebody must ask whether it is still needed")
	}
	return required(c, append(more, "reason")...)
}

// on does something with a call's hold, with the day of its next review.
func (h *hold) on(id storage.CallID, f func(s *storage.Store, day time.Time, book *ledger.Ledger) error) error {
	var day time.Time
	if h.review != "" {
		var err error
		if day, err = time.Parse(time.DateOnly, h.review); err != nil {
			return coded{fmt.Errorf("--review: %q is not a day such as 2027-03-31", h.review), exitUsage}
		}
		if !day.After(time.Now()) {
			return coded{fmt.Errorf("--review: %s is not in the future: name the day on which somebody must ask whether the hold is still needed", h.review), exitUsage}
		}
	}
	return withDestruction(h.dir, func(s *storage.Store, book *ledger.Ledger) error {
		if _, err := s.Find(id); errors.Is(err, storage.ErrNoCall) {
			return noCall(id)
		}
		return f(s, day, book)
	})
}

// verb is one that changes a call's hold; do returns what it says then.
func (h *hold) verb(use, short string, do func(s *storage.Store, id storage.CallID, day time.Time, book *ledger.Ledger) (said string, err error)) *cobra.Command {
	return &cobra.Command{
		Use:   use,
		Short: short,
		Args:  usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			id := storage.CallID(args[0])
			return h.on(id, func(s *storage.Store, day time.Time, book *ledger.Ledger) error {
				said, err := do(s, id, day, book)
				if err == nil {
					_, err = fmt.Fprintln(c.OutOrStdout(), said)
				}
				return err
			})
		},
	}
}

func holdSetVerb() *cobra.Command {
	var h hold
	c := h.verb("set CALL --reason TEXT --review DAY", "Put a call under legal hold",
		func(s *storage.Store, id storage.CallID, day time.Time, book *ledger.Ledger) (string, error) {
			n, err := s.SetHolds([]storage.CallID{id}, "command line: "+me(), h.reason, day, book)
			if err == nil && n == 0 {
				err = fmt.Errorf("call %s is under legal hold already; `linevault hold review` changes the day of its review", id)
			}
			return fmt.Sprintf("call %s is kept until two people release it; to be reviewed on %s", id, h.review), err
		})
	return h.flags(c, "why it must be kept", "review")
}

func holdReviewVerb() *cobra.Command {
	var h hold
	c := h.verb("review CALL --reason TEXT --review DAY", "Note that a hold was reviewed and is still needed",
		func(s *storage.Store, id storage.CallID, day time.Time, book *ledger.Ledger) (string, error) {
			err := s.ReviewHold(id, "command line: "+me(), h.reason, day, book)
			return fmt.Sprintf("call %s stays under legal hold; to be reviewed again on %s", id, h.review), err
		})
	return h.flags(c, "what the review found", "review")
}

func holdReleaseVerb() *cobra.Command {
	var h hold
	c := h.verb("release CALL --reason TEXT", "Ask for the release of a legal hold; a second person's asking releases it",
		func(s *storage.Store, id storage.CallID, _ time.Time, book *ledger.Ledger) (string, error) {
			released, err := s.ReleaseHold(id, "command line: "+me(), h.reason, book)
			if released {
				return "released", err
			}
			return "noted; another person must ask for it, too, here or under Approvals on the web pages", err
		})
	return h.flags(c, "why it need not be kept any more")
}

func holdListVerb() *cobra.Command {
	var dir string
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the legal holds",
		Args:  usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			return withDestruction(dir, func(s *storage.Store, _ *ledger.Ledger) error {
				list, err := s.Holds()
				if err != nil {
					return err
				}
				if asJSON {
					e := json.NewEncoder(c.OutOrStdout())
					for _, h := range list {
						if err := e.Encode(h); err != nil {
							return err
						}
					}
					return nil
				}
				return printHolds(c.OutOrStdout(), list)
			})
		},
	}
	dataFlag(c, &dir)
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a hold")
	return c
}

func printHolds(w io.Writer, list []storage.Hold) error {
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "no call is under legal hold")
		return err
	}
	for _, h := range list {
		late, asked := "", ""
		if time.Now().After(h.Review) {
			late = " (overdue)"
		}
		if h.Asked != "" {
			asked = fmt.Sprintf("; %s has asked for its release: %s", h.Asked, h.AskedWhy)
		}
		if _, err := fmt.Fprintf(w, "%s  by %s since %s, review %s%s: %s%s\n", h.Call, h.By,
			h.At.Format(time.DateOnly), h.Review.Format(time.DateOnly), late, h.Reason, asked); err != nil {
			return err
		}
	}
	return nil
}
