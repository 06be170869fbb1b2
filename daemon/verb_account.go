package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"linevault/daemon/account"
	"linevault/daemon/account/clerk"
	"linevault/daemon/config"
	"linevault/daemon/link"
)

func accountVerb() *cobra.Command {
	var dir, day string
	var asJSON bool
	c := &cobra.Command{
		Use:   "account",
		Short: "Show what became of every call of a day",
		Long: `Show, for each line and one day, how many calls the signalling showed, and what became of
them: recorded, recorded in part, not recorded because a rule says so, lost and why. Calls that go on
are open. What is unexplained must be 0. It works while the box runs and when it does not; a line
that had no call is shown while the box runs. With --json each line is one JSON object on a line of its own.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			of := account.DayOf(time.Now())
			if day != "" {
				t, err := time.Parse(time.DateOnly, day)
				if err != nil {
					return coded{fmt.Errorf("--day %q: this is not a day such as 2026-11-22", day), exitUsage}
				}
				of = t.Format(time.DateOnly)
			}
			figures, err := accountOf(c.Context(), dir, of)
			if err != nil {
				return err
			}
			if asJSON {
				return printAccountJSON(c.OutOrStdout(), of, figures)
			}
			return printAccount(c.OutOrStdout(), of, figures)
		},
	}
	dataFlag(c, &dir)
	c.Flags().StringVar(&day, "day", "", "the `day`, as 2026-11-22; today if it is not given")
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return c
}

// accountOf reads the account of a data folder, and enters nothing: that is the desk's work.
func accountOf(ctx context.Context, dir, day string) (figures []clerk.Figures, err error) {
	recorder := link.Dial(dir)
	store, err := openWhole(dir)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	var lines []clerk.Line
	if s, err := recorder.Status(ctx); err == nil { // a box that does not run has no lines
		for _, l := range s.Lines {
			lines = append(lines, clerk.Line{ID: l.Line, Name: l.Name, Department: l.Department})
		}
	}
	err = withBooks(dir, func(b *books) error {
		c := clerk.New(dir, store, b.book, lines)
		err := c.Look()
		figures = c.Day(day)
		return err
	})
	return figures, err
}

// accountJSON is a line's day as `linevault account --json` prints it. Times are in seconds.
type accountJSON struct {
	Day string `json:"day"`
	clerk.Figures
	Missing map[string]float64 `json:"missing,omitempty"` // by cause
}

func printAccountJSON(w io.Writer, day string, figures []clerk.Figures) error {
	e := json.NewEncoder(w)
	for _, f := range figures {
		j := accountJSON{Day: day, Figures: f, Missing: map[string]float64{}}
		for cause, d := range f.Missing {
			j.Missing[cause] = d.Seconds()
		}
		if err := e.Encode(j); err != nil {
			return err
		}
	}
	return nil
}

func printAccount(w io.Writer, day string, figures []clerk.Figures) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintf(t, "%s\tCALLS\tRECORDED\tPARTLY\tBY POLICY\tLOST\tOPEN\tUNEXPLAINED\tWHY\n", day)
	for _, f := range figures {
		var why []string
		for _, r := range f.Reasons {
			why = append(why, fmt.Sprintf("%s %d: %s", r.Outcome, r.Calls, r.Text))
		}
		fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%s\n", f.Name, f.Signalled, f.Recorded, f.Partly, f.NotByPolicy, f.Lost, f.Open,
			f.Unexplained, dash(strings.Join(why, "; ")))
	}
	return t.Flush()
}

// lineNames are the lines of the configuration as the account knows them.
func lineNames(cfg *config.Config) []clerk.Line {
	var all []clerk.Line
	for _, l := range cfg.Line {
		all = append(all, clerk.Line{ID: config.ID(l.Name), Name: l.Name, Department: l.Department})
	}
	return all
}

// accountEvery is how often the desk looks for calls that are settled.
const accountEvery = 2 * time.Second

// keepAccount makes the ledger's entries of calls, until ctx ends.
func keepAccount(ctx context.Context, c *clerk.Clerk, log *slog.Logger) {
	t := time.NewTicker(accountEvery)
	defer t.Stop()
	said := ""
	for {
		_, err := c.Enter()
		if text := fmt.Sprint(err); err != nil && text != said {
			log.Error("calls could not be entered in the ledger", "err", err)
			said = text
		} else if err == nil {
			said = ""
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}
