package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"linevault/storage/evidence"
)

func ledgerAcceptVerb() *cobra.Command {
	var dir, reason string
	c := &cobra.Command{
		Use:   "accept",
		Short: "Go on with an older or new ledger, because the one that was there is lost",
		Long: `Go on with the ledger as it is, although the keyring says that another one was there: after a disk
was lost, with the newest copy that there was. Until then nothing is signed. What is missing stays
missing: an entry says how much, who went on and why, and the next checkpoint signs that.

First put the newest copy of the folder ledger back from your backup; it may be whole.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if strings.TrimSpace(reason) == "" {
				return coded{errors.New("--reason is empty: say why the ledger is lost; it goes into the ledger"), exitUsage}
			}
			return withBooks(dir, func(b *books) error {
				err := b.checkpoints.Accept(time.Now(), "command line: "+me(), reason)
				if errors.Is(err, evidence.ErrNothingToAccept) {
					return coded{err, exitUsage}
				}
				if err == nil {
					_, err = fmt.Fprintf(c.OutOrStdout(), "the ledger goes on with %d entries; an entry says that what was there is lost\n", b.book.Len())
				}
				return err
			})
		},
	}
	dataFlag(c, &dir)
	c.Flags().StringVar(&reason, "reason", "", "why, as `text` for the ledger")
	return required(c, "reason")
}
