package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"linevault/daemon/config"
	"linevault/daemon/health"
	"linevault/daemon/notary"
	"linevault/daemon/syslog"
	"linevault/storage"
	"linevault/storage/checkpoint"
	"linevault/storage/evidence"
	"linevault/storage/keys"
	"linevault/storage/ledger"
)

func ledgerVerb() *cobra.Command {
	c := &cobra.Command{
		Use:   "ledger",
		Short: "Show what the ledger holds, and what signs it",
		Args:  usage(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(ledgerStatusVerb(), ledgerReportVerb())
	return c
}

func ledgerStatusVerb() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "status",
		Short: "Show the ledger's size, its newest checkpoint and the box's public key",
		Long: `Show how many entries the ledger has, its newest signed checkpoint, and the public key of
the box. Give the key to whoever will check disclosure packs, on another way than the packs.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			return withBooks(dir, func(b *books) error { return b.status(c.OutOrStdout()) })
		},
	}
	dataFlag(c, &dir)
	return c
}

func ledgerReportVerb() *cobra.Command {
	var dir, day string
	c := &cobra.Command{
		Use:   "report",
		Short: "Print a day of the ledger, with a signed checkpoint",
		Long: `Print what happened on a day, as text for paper: every entry of the ledger, and a signed
checkpoint of all of it. Who keeps the paper can tell later whether the ledger was changed.
It tells who listened to which call and why, and no telephone number.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			from := time.Now()
			if day != "" {
				var err error
				if from, err = time.ParseInLocation(time.DateOnly, day, time.Local); err != nil {
					return coded{fmt.Errorf("--day %q: this is not a day such as 2026-11-22", day), exitUsage}
				}
			}
			return withBooks(dir, func(b *books) error { return b.report(c.OutOrStdout(), from) })
		},
	}
	dataFlag(c, &dir)
	c.Flags().StringVar(&day, "day", "", "the `day`, as 2026-11-22; today if it is not given")
	return c
}

// books are the ledger of a data folder and what is signed of it.
type books struct {
	dir         string
	book        *ledger.Ledger
	checkpoints *evidence.Checkpoints
}

func withBooks(dir string, f func(*books) error) error {
	return withLedger(dir, func(ring *keys.Ring, book *ledger.Ledger) error {
		checkpoints, err := evidence.OpenCheckpoints(dir, ring.Derive(evidence.KeyPurpose), book)
		if err != nil {
			return err
		}
		return errors.Join(f(&books{dir, book, checkpoints}), checkpoints.Close())
	})
}

// withLedger runs f with the keys and the ledger of a data folder.
func withLedger(dir string, f func(*keys.Ring, *ledger.Ledger) error) error {
	ring, err := openRing(dir)
	if err != nil {
		return err
	}
	book, err := ledger.Open(dir, ring.Derive("ledger"))
	if err != nil {
		return err
	}
	defer book.Close()
	return f(ring, book)
}

func (b *books) status(w io.Writer) error {
	head, err := b.book.Head()
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "entries:      %d\nroot:         %x\n", head.N, head.Hash[:])
	signed, err := b.checkpoints.Last()
	if err != nil {
		return err
	}
	if signed == nil {
		fmt.Fprintln(w, "signed:       nothing yet")
	} else {
		c, err := checkpoint.Open(signed, b.checkpoints.PublicKey())
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "signed:       up to entry %d, %s\n", c.Tree.N, c.At.Local().Format("2006-01-02 15:04:05"))
	}
	sent, err := notary.Sent(b.dir)
	if err != nil {
		return err
	}
	waiting, _, err := b.checkpoints.After(sent, 1)
	if err != nil {
		return err
	}
	switch {
	case sent == 0:
		fmt.Fprintln(w, "off the box:  nothing yet; [syslog] in the configuration says where to")
	case len(waiting) > 0:
		fmt.Fprintln(w, "off the box:  not all yet")
	default:
		fmt.Fprintln(w, "off the box:  all")
	}
	key := b.checkpoints.PublicKey()
	_, err = fmt.Fprintf(w, "public key:   %s\nfingerprint:  %s\n", key, key.Fingerprint())
	return err
}

// report prints a day, in the box's own time zone.
func (b *books) report(w io.Writer, day time.Time) error {
	y, m, d := day.Date()
	from, to := time.Date(y, m, d, 0, 0, 0, 0, day.Location()), time.Date(y, m, d+1, 0, 0, 0, 0, day.Location())
	signed, err := b.checkpoints.Sign(time.Now())
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "Ledger of %s, %s\n\n", b.checkpoints.PublicKey().Name(), from.Format("Monday 2 January 2006"))
	const batch = 1000
	entries := 0
	var when time.Time
	for at, n := int64(0), b.book.Len(); at < n; at += batch {
		events, err := b.book.Events(at, min(n, at+batch))
		if err != nil {
			return err
		}
		for i, e := range events {
			if !e.At.IsZero() {
				when = e.At
			} // else it has none, and came after the one before it
			if e.Kind != ledger.Damaged && (when.Before(from) || !when.Before(to)) {
				continue
			}
			entries++
			if err := printEvent(w, at+int64(i), e); err != nil {
				return err
			}
		}
	}
	_, err = fmt.Fprintf(w, "\n%d entries.\n\nThe ledger as it is now, signed by the box:\n\n%s\nThe key that signs: %s\nIts fingerprint: %s\n",
		entries, signed, b.checkpoints.PublicKey(), b.checkpoints.PublicKey().Fingerprint())
	return err
}

func printEvent(w io.Writer, n int64, e ledger.Event) error {
	at := "--:--:--"
	if !e.At.IsZero() {
		at = e.At.Local().Format("15:04:05")
	}
	line := []string{fmt.Sprintf("%8d", n), at, e.Kind}
	for _, f := range []struct{ name, text string }{
		{"by", e.Who}, {"call", e.Call}, {"for", e.Purpose}, {"reference", e.Reference}, {"-", e.Text},
	} {
		if f.text != "" {
			line = append(line, f.name+" "+f.text)
		}
	}
	_, err := fmt.Fprintln(w, strings.Join(line, "  "))
	return err
}

// startNotary lets recordings be entered in the ledger and the ledger be signed until ctx
// ends; stop waits until that is done for the last time.
func startNotary(ctx context.Context, dir string, cfg *config.Config, ring *keys.Ring, store *storage.Store, book *ledger.Ledger, alarms *health.Board, log *slog.Logger) (c *evidence.Checkpoints, stop func(), err error) {
	n := notary.Config{Dir: dir, Store: store, Register: evidence.New(store, book), Health: alarms, Log: log}
	if cfg.Syslog.Address != "" {
		server, err := syslog.New(cfg.Syslog.Address, cfg.Syslog.CA)
		if err != nil {
			return nil, nil, coded{err, exitMustMend}
		}
		n.To = server
	}
	if c, err = evidence.OpenCheckpoints(dir, ring.Derive(evidence.KeyPurpose), book); err != nil {
		return nil, nil, err
	}
	n.Checkpoints = c
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer close(done)
		notary.Run(ctx, n)
	}()
	return c, func() {
		cancel()
		<-done
		_ = c.Close() // each checkpoint is on disk already
	}, nil
}
