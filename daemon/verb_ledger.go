package main

import (
	"context"
	"encoding/json"
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
	c.AddCommand(ledgerStatusVerb(), ledgerReportVerb(), ledgerAcceptVerb())
	return c
}

func ledgerStatusVerb() *cobra.Command {
	var dir string
	var asJSON bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Show the ledger's size, its newest checkpoint and the box's public key",
		Long: `Show how many entries the ledger has, its newest signed checkpoint, and the public key of
the box. Give the key to whoever will check disclosure packs, on another way than the packs.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			return withBooks(dir, func(b *books) error {
				s, err := b.status()
				if err != nil {
					return err
				}
				if asJSON {
					return json.NewEncoder(c.OutOrStdout()).Encode(s)
				}
				return s.print(c.OutOrStdout())
			})
		},
	}
	dataFlag(c, &dir)
	c.Flags().BoolVar(&asJSON, "json", false, "as one JSON object")
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
		checkpoints, err := evidence.OpenAnchored(dir, ring, book)
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

// ledgerStatus is what `ledger status` shows.
type ledgerStatus struct {
	Entries     int64     `json:"entries"`
	Root        string    `json:"root"`
	Signed      int64     `json:"signed"` // entries that the newest checkpoint covers
	SignedAt    time.Time `json:"signed_at,omitzero"`
	Sent        string    `json:"off_the_box"` // nothing, some or all
	PublicKey   string    `json:"public_key"`
	Fingerprint string    `json:"fingerprint"`
}

func (b *books) status() (s ledgerStatus, err error) {
	key := b.checkpoints.PublicKey()
	s.PublicKey, s.Fingerprint, s.Sent = fmt.Sprint(key), key.Fingerprint(), "all"
	head, err := b.book.Head()
	if err != nil {
		return s, err
	}
	s.Entries, s.Root = head.N, fmt.Sprintf("%x", head.Hash[:])
	signed, err := b.checkpoints.Last()
	if err != nil {
		return s, err
	}
	if signed != nil {
		c, err := checkpoint.Open(signed, key)
		if err != nil {
			return s, err
		}
		s.Signed, s.SignedAt = c.Tree.N, c.At
	}
	sent, err := notary.Sent(b.dir)
	if err != nil {
		return s, err
	}
	waiting, _, err := b.checkpoints.After(sent, 1)
	switch {
	case sent == 0:
		s.Sent = "nothing"
	case len(waiting) > 0:
		s.Sent = "some"
	}
	return s, err
}

func (s ledgerStatus) print(w io.Writer) error {
	signed := "nothing yet"
	if s.Signed > 0 {
		signed = fmt.Sprintf("up to entry %d, %s", s.Signed, s.SignedAt.Local().Format("2006-01-02 15:04:05"))
	}
	sent := map[string]string{
		"nothing": "nothing yet; [syslog] in the configuration says where to", "some": "not all yet", "all": "all",
	}[s.Sent]
	_, err := fmt.Fprintf(w, "entries:      %d\nroot:         %s\nsigned:       %s\noff the box:  %s\npublic key:   %s\nfingerprint:  %s\n",
		s.Entries, s.Root, signed, sent, s.PublicKey, s.Fingerprint)
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
	if c, err = evidence.OpenAnchored(dir, ring, book); err != nil {
		return nil, nil, err
	}
	n.Checkpoints = c
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		defer close(done)
		if err := missing(dir, ring, book); err != nil {
			log.Error("the ledger lacks what it should have", "err", err)
			alarms.Raise("ledger missing", "", err.Error())
		}
		notary.Run(ctx, n)
	}()
	return c, func() {
		cancel()
		<-done
		_ = c.Close() // each checkpoint is on disk already
	}, nil
}
