package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"linevault/daemon/link"
	"linevault/storage"
)

func callsVerb() *cobra.Command {
	var dir string
	var asJSON bool
	var limit int
	var f callFlags
	c := &cobra.Command{
		Use:   "calls",
		Short: "List calls, newest first",
		Long: `List the calls in a data folder, newest first. It works while the box runs and
when it does not. With --json each call is one JSON object on a line of its own.
What is asked for must all hold: --line parking --flag any --rating 4 --note bins

Where no desk has kept the list of calls, the recordings of the days that are asked for are read
first, the newest days first, which takes a while: --from or --limit make it less.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			q, err := f.query()
			if err != nil {
				return err
			}
			if limit < 0 {
				return coded{fmt.Errorf("--limit %d: give how many calls to list, or 0 for all", limit), exitUsage}
			}
			s, err := storage.Open(dir, link.Dial(dir))
			if err != nil {
				return err
			}
			defer s.Close()
			for _, p := range s.Problems() {
				fmt.Fprintf(c.ErrOrStderr(), "linevault: %s\n", p.Named())
			}
			if err := listFor(s, q, limit, newProgress(c.ErrOrStderr())); err != nil {
				return err
			}
			rows, err := someCalls(s, q, limit)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c.OutOrStdout(), rows)
			}
			return printTable(c.OutOrStdout(), rows)
		},
	}
	dataFlag(c, &dir)
	f.add(c)
	c.Flags().IntVar(&limit, "limit", 0, "at most `n` calls; 0 is all")
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a call")
	return c
}

// listFor lists what a question needs of a store whose list of calls is not whole: the days from
// --from on, or the newest that --limit wants, or all.
func listFor(s *storage.Store, q storage.Query, limit int, line *progress) error {
	defer line.end()
	show := line.count("files of recordings read")
	var wrong error
	err := s.ReadOn(func(p storage.Progress) bool {
		show(p.Read, p.Files)
		if limit == 0 || p.Since(q.From) {
			return p.Since(q.From)
		}
		var rows []storage.Row
		rows, wrong = someCalls(s, q, limit)
		return wrong != nil || len(rows) == limit && p.Since(rows[limit-1].Start)
	})
	return errors.Join(err, wrong)
}

// someCalls pages through the newest calls.
func someCalls(s *storage.Store, q storage.Query, limit int) ([]storage.Row, error) {
	q.Limit, q.NoTotal = 1000, true
	if limit > 0 {
		q.Limit = min(limit, q.Limit)
	}
	var rows []storage.Row
	for {
		p, err := s.Calls(q)
		if err != nil {
			return nil, err
		}
		rows = append(rows, p.Rows...)
		if limit > 0 && len(rows) >= limit {
			return rows[:limit], nil
		}
		if p.Next == "" {
			return rows, nil
		}
		q.Before = p.Next
	}
}

// callJSON is a call as `linevault calls --json` prints it. Times are in seconds.
type callJSON struct {
	ID         storage.CallID    `json:"id"`
	Line       string            `json:"line"`
	Name       string            `json:"name"`
	Department string            `json:"department,omitempty"`
	Direction  storage.Direction `json:"direction,omitempty"`
	FarNumber  storage.Number    `json:"far_number,omitempty"`
	Start      time.Time         `json:"start"`
	Length     float64           `json:"length"`   // by the line's clock
	Recorded   float64           `json:"recorded"` // of it
	Machine    float64           `json:"machine"`  // the length by the machine's clock
	State      string            `json:"state"`
	Legs       int               `json:"legs"`
	Rate       int               `json:"rate"`
	Parts      int               `json:"parts"`
	Bytes      int64             `json:"bytes"`
	Damaged    bool              `json:"damaged,omitempty"`
	Clock      string            `json:"clock"`
	Gaps       []gapJSON         `json:"gaps"`
	About      storage.About     `json:"about,omitzero"`
}

type gapJSON struct {
	From   float64       `json:"from"`
	To     float64       `json:"to"`
	Cause  storage.Cause `json:"cause"`
	By     string        `json:"by,omitempty"`
	Reason string        `json:"reason,omitempty"`
}

// state says how a call stands: live, interrupted, or why it ended.
func state(r storage.Row) string {
	if r.Live {
		return "live"
	}
	return string(r.Why)
}

func printJSON(w io.Writer, rows []storage.Row) error {
	enc := json.NewEncoder(w)
	for _, r := range rows {
		k := callJSON{
			ID: r.ID, Line: string(r.Line), Name: r.Name, Department: r.Department,
			Direction: r.Direction, FarNumber: r.FarNumber, Start: r.Start,
			Length: r.Length.Seconds(), Recorded: r.Recorded.Seconds(), Machine: r.Machine.Seconds(),
			State: state(r), Legs: r.Format.Legs, Rate: r.Format.Rate, Parts: r.Parts, Bytes: r.Bytes,
			Damaged: r.Damaged, Clock: r.Clock.Source, Gaps: []gapJSON{}, About: r.About,
		}
		for _, g := range r.Gaps {
			k.Gaps = append(k.Gaps, gapJSON{
				From: r.Format.Duration(g.Span.From - r.From).Seconds(), To: r.Format.Duration(g.Span.To - r.From).Seconds(),
				Cause: g.Cause, By: g.By, Reason: g.Reason,
			})
		}
		if err := enc.Encode(k); err != nil {
			return err
		}
	}
	return nil
}

func printTable(w io.Writer, rows []storage.Row) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintln(w, "no calls")
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "CALL\tSTARTED\tLINE\tDIRECTION\tOTHER PARTY\tLENGTH\tSTATE")
	for _, r := range rows {
		what := state(r)
		if n := len(r.Gaps); n > 0 {
			var causes []string
			for _, g := range r.Gaps {
				if !strings.Contains(strings.Join(causes, " "), string(g.Cause)) {
					causes = append(causes, string(g.Cause))
				}
			}
			what += fmt.Sprintf(", %d gap(s): %s", n, strings.Join(causes, ", "))
		}
		what += said(r.About)
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.Start.Local().Format("2006-01-02 15:04:05"),
			r.Name, dash(string(r.Direction)), dash(string(r.FarNumber)), r.Length.Round(100*time.Millisecond), what)
	}
	return t.Flush()
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
