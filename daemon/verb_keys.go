package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"linevault/storage"
	"linevault/storage/keys"
)

func keysVerb() *cobra.Command {
	c := &cobra.Command{
		Use:   "keys",
		Short: "Show, bring back, renew and try the keys of the recordings",
		Long: `Show, bring back, renew and try the keys of the recordings. The root key, which all others
are sealed under, lives in the machine's TPM or in a file that only the box's owner can read.
Whoever the configuration names under [recovery] can bring it back.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(keysStatusVerb(), keysIdentityVerb(), keysRecoverVerb(), keysRotateVerb(), keysDrillVerb(), keysLockVerb())
	return c
}

// What the ledger calls them.
const (
	rootRotated   = "root key renewed"
	rootRecovered = "root key brought back"
	rootDrilled   = "recovery drill"
	rootLocked    = "root key taken off the box"
)

// keysStatus is what `keys status` shows.
type keysStatus struct {
	keys.Status
	Drilled time.Time `json:"drilled,omitzero"`
}

func keysStatusVerb() *cobra.Command {
	var dir string
	var asJSON bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Show where the root key lives, who can bring it back, and which periods have keys",
		Long: `Show where the root key lives, who can bring it back, which periods have keys, and when the
root key was last renewed and its recovery last tried. It exits with 3 if the keys are locked,
something in the keyring is damaged, or the recovery copy is not good.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			s, err := readKeysStatus(dir)
			if err != nil {
				return err
			}
			if asJSON {
				e := json.NewEncoder(c.OutOrStdout())
				e.SetIndent("", "  ")
				err = e.Encode(s)
			} else {
				err = s.print(c.OutOrStdout())
			}
			if err == nil && (s.Locked != "" || s.Recovery != "" || len(s.Problems) > 0) {
				return coded{nil, exitUnsound}
			}
			return err
		},
	}
	dataFlag(c, &dir)
	c.Flags().BoolVar(&asJSON, "json", false, "as one JSON object")
	return c
}

func readKeysStatus(dir string) (*keysStatus, error) {
	if err := storage.CheckFormat(dir); err != nil {
		return nil, err
	}
	k, err := keys.ReadStatus(dir)
	if err != nil {
		return nil, err
	}
	s := &keysStatus{Status: *k}
	if s.Locked != "" {
		return s, nil // and so is the ledger
	}
	s.Drilled, err = lastOf(dir, rootDrilled)
	return s, err
}

// lastOf is when something of a kind was last entered in the ledger; zero for never.
func lastOf(dir, kind string) (at time.Time, err error) {
	err = withBooks(dir, func(b *books) error {
		const step = 1000
		for to := b.book.Len(); to > 0; to -= step {
			events, err := b.book.Events(max(0, to-step), to)
			if err != nil {
				return err
			}
			for _, e := range slices.Backward(events) {
				if e.Kind == kind {
					at = e.At
					return nil
				}
			}
		}
		return nil
	})
	return at, err
}

func (s *keysStatus) print(w io.Writer) error {
	if s.Locked != "" {
		fmt.Fprintf(w, "LOCKED:      %s\n             recording goes on; nothing can be played until the root key is back\n", s.Locked)
	}
	where := "in the file keys/root"
	if s.Home == keys.InTPM {
		where = fmt.Sprintf("in the TPM, index %s, written %d time(s) so far of some 100,000", s.Index, s.Writes)
	}
	fmt.Fprintf(w, "root key:    %s\n", where)
	if s.RootID != "" {
		fmt.Fprintf(w, "             id %s, since %s\n", s.RootID, whenOr(s.Rotated, "an unknown time"))
	}
	if s.Plan.Empty() {
		fmt.Fprintln(w, "recovery:    nobody can bring it back: name people under [recovery] in the configuration")
	} else {
		fmt.Fprintf(w, "recovery:    any %d of %d together can bring it back:\n", s.Plan.Needed, len(s.Plan.Recipients))
		for _, r := range s.Plan.Recipients {
			fmt.Fprintf(w, "             %s  %s\n", r.Fingerprint(), r.Name)
		}
		fmt.Fprintf(w, "             last tried: %s\n", whenOr(s.Drilled, "never (linevault keys drill)"))
	}
	if s.Recovery != "" {
		fmt.Fprintf(w, "             FAULT: %s\n", s.Recovery)
	}
	if s.Locked == "" {
		fmt.Fprintf(w, "periods:     %d, %s to %s\n", s.Periods, s.Oldest, s.Newest)
		for _, class := range slices.Sorted(maps.Keys(s.Ahead)) {
			fmt.Fprintf(w, "             class %s: the recorder has keys up to %s\n", class, s.Ahead[class])
		}
	}
	for _, p := range s.Problems {
		fmt.Fprintf(w, "problem:     %s\n", p)
	}
	return nil
}

func whenOr(t time.Time, otherwise string) string {
	if t.IsZero() {
		return otherwise
	}
	return t.Local().Format("2 January 2006 15:04")
}
