package main

import (
	"errors"
	"fmt"
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
	c.AddCommand(holdSetVerb(), holdReleaseVerb(), holdListVerb())
	return c
}

func holdSetVerb() *cobra.Command {
	var dir, reason, review string
	c := &cobra.Command{
		Use:   "set CALL --reason TEXT --review DAY",
		Short: "Put a call under legal hold",
		Args:  usage(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			day, err := time.Parse(time.DateOnly, review)
			if err != nil {
				return coded{fmt.Errorf("--review: %q is not a day such as 2027-03-31", review), exitUsage}
			}
			return withDestruction(dir, func(s *storage.Store, book *ledger.Ledger) error {
				return s.SetHold(storage.CallID(args[0]), "command line: "+me(), reason, day, book)
			})
		},
	}
	dataFlag(c, &dir)
	c.Flags().StringVar(&reason, "reason", "", "why it must be kept")
	c.Flags().StringVar(&review, "review", "", "the `day` on which somebody must ask whether it still must")
	return required(c, "reason", "review")
}

func holdReleaseVerb() *cobra.Command {
	var dir, reason string
	c := &cobra.Command{
		Use:   "release CALL --reason TEXT",
		Short: "Ask for the release of a legal hold; a second person's asking releases it",
		Args:  usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			return withDestruction(dir, func(s *storage.Store, book *ledger.Ledger) error {
				released, err := s.ReleaseHold(storage.CallID(args[0]), "command line: "+me(), reason, book)
				if err != nil {
					return err
				}
				said := "noted; another person must ask for it, too"
				if released {
					said = "released"
				}
				_, err = fmt.Fprintln(c.OutOrStdout(), said)
				return err
			})
		},
	}
	dataFlag(c, &dir)
	c.Flags().StringVar(&reason, "reason", "", "why it need not be kept any more")
	return required(c, "reason")
}

func holdListVerb() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "list",
		Short: "List the legal holds",
		Args:  usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			return withDestruction(dir, func(s *storage.Store, _ *ledger.Ledger) error {
				list, err := s.Holds()
				for _, h := range list {
					late := ""
					if time.Now().After(h.Review) {
						late = " (overdue)"
					}
					_, werr := fmt.Fprintf(c.OutOrStdout(), "%s  by %s since %s, review %s%s: %s\n", h.Call, h.By,
						h.At.Format(time.DateOnly), h.Review.Format(time.DateOnly), late, h.Reason)
					err = errors.Join(err, werr)
				}
				return err
			})
		},
	}
	dataFlag(c, &dir)
	return c
}
