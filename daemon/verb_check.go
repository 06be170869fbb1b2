package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"linevault/daemon/link"
	"linevault/storage"
	"linevault/storage/keys"
	"linevault/storage/ledger"
)

func checkVerb() *cobra.Command {
	var dir string
	var asJSON bool
	c := &cobra.Command{
		Use:   "check",
		Short: "Check everything that is stored",
		Long: `Open every box of every call and check that nothing is missing, moved or changed.
It changes nothing. Exit code 0 says that all is well, 3 that something is not.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			r, err := storage.Check(dir, link.Dial(dir), storage.CheckOptions{})
			if err != nil {
				return err
			}
			if err := checkRest(dir, r); err != nil {
				return err
			}
			if asJSON {
				err = json.NewEncoder(c.OutOrStdout()).Encode(r)
			} else {
				err = printReport(c, r)
			}
			if err == nil && !r.OK() {
				return coded{nil, exitUnsound}
			}
			return err
		},
	}
	dataFlag(c, &dir)
	c.Flags().BoolVar(&asJSON, "json", false, "the report as one JSON object")
	return c
}

// checkRest checks what belongs to the box beside its calls: the keys and the ledger.
func checkRest(dir string, r *storage.Report) error {
	ring, err := keys.OpenRing(dir)
	if err != nil {
		return err
	}
	for _, p := range ring.Problems() {
		r.Problems = append(r.Problems, storage.Problem{Segment: "keys", Text: p})
	}
	if _, err := os.Stat(filepath.Join(dir, "ledger")); errors.Is(err, fs.ErrNotExist) {
		return nil // nobody has played or exported anything yet
	}
	l, err := ledger.Open(dir, ring.Derive("ledger"))
	if err != nil {
		return err
	}
	defer l.Close()
	if err := l.Verify(); err != nil {
		r.Problems = append(r.Problems, storage.Problem{Segment: "ledger", Text: err.Error()})
	}
	return nil
}

func printReport(c *cobra.Command, r *storage.Report) error {
	w := c.OutOrStdout()
	for _, p := range r.Problems {
		fmt.Fprintf(w, "%s: %s\n", p.Segment, p.Text)
	}
	verdict := "all is well"
	if !r.OK() {
		verdict = fmt.Sprintf("%d problem(s)", len(r.Problems))
	}
	_, err := fmt.Fprintf(w, "%d call(s), %d part(s), %d box(es), %d bytes; %d interrupted: %s\n",
		r.Calls, r.Parts, r.Boxes, r.Bytes, r.Interrupted, verdict)
	return err
}
