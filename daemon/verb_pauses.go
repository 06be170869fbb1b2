package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"linevault/daemon/config"
	"linevault/daemon/pausereport"
	"linevault/storage"
)

func pausesVerb() *cobra.Command {
	var dir, line, from, to string
	var asJSON bool
	c := &cobra.Command{
		Use:   "pauses",
		Short: "Report how pauses were asked for",
		Long: `Report, for each line and for whoever asked, how many pauses there were, how long they took to
arrive, and which came too late, lasted too long or were missed: payments that a terminal told of, or
digits of a card, and no pause. It counts the recordings that the box still has, those that began from
the day --from to the day --to, both included. It works while the box runs and when it does not.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			q := storage.Query{Line: config.ID(line)}
			var err error
			if q.From, err = day("from", from); err != nil {
				return err
			}
			if q.To, err = day("to", to); err != nil {
				return err
			}
			if !q.To.IsZero() {
				q.To = q.To.AddDate(0, 0, 1)
			}
			s, err := openWhole(dir)
			if err != nil {
				return err
			}
			defer s.Close()
			r, err := pausereport.Of(s, q)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(c.OutOrStdout()).Encode(r)
			}
			return printPauses(c.OutOrStdout(), r)
		},
	}
	dataFlag(c, &dir)
	c.Flags().StringVar(&line, "line", "", "only calls of this `line`")
	c.Flags().StringVar(&from, "from", "", "the first `day`, as 2026-11-01")
	c.Flags().StringVar(&to, "to", "", "the last `day`, as 2026-11-30")
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON; times are in nanoseconds")
	return c
}

// day is the start of a day in the machine's zone; zero if none was given.
func day(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, text, time.Local)
	if err != nil {
		return t, coded{fmt.Errorf("--%s %q: this is not a day such as 2026-11-22", flag, text), exitUsage}
	}
	return t, nil
}

func printPauses(w io.Writer, r pausereport.Report) error {
	if r.Total.Pauses+r.Total.Missed == 0 {
		_, err := fmt.Fprintf(w, "%d calls, and nobody asked for a pause\n", r.Calls)
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	head := func(of string) {
		fmt.Fprintf(t, "%s\tPAUSES\tTOOK\t95 OF 100\tTOO LATE\tTOO LONG\tMISSED\n", of)
	}
	row := func(f pausereport.Figures) {
		fmt.Fprintf(t, "%s\t%d\t%v\t%v\t%d\t%d\t%d\n", f.Name, f.Pauses, f.Mean.Round(time.Millisecond), f.P95.Round(time.Millisecond), f.Late, f.Long, f.Missed)
	}
	head("LINE")
	for _, f := range r.Lines {
		row(f)
	}
	fmt.Fprintln(t)
	head("WHO ASKED")
	for _, f := range r.Sources {
		row(f)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%d pauses in %d of %d calls; %d parts were destroyed afterwards, %d wait to be, %d are in quarantine\n",
		r.Total.Pauses, r.Total.Calls, r.Calls, r.Destroyed, r.Withheld, r.Quarantined)
	return err
}
