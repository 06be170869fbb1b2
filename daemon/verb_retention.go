package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"linevault/daemon/config"
	"linevault/daemon/control"
	"linevault/storage"
	"linevault/storage/ledger"
)

func retentionVerb() *cobra.Command {
	c := &cobra.Command{
		Use:   "retention",
		Short: "Show and run the destruction of what is past its term",
		Args:  usage(cobra.NoArgs),
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(retentionStatusVerb(), retentionForecastVerb(), retentionRunVerb(), retentionApproveVerb())
	return c
}

// retention is what the verbs share.
type retention struct{ dir, config string }

func (r *retention) flags(c *cobra.Command) {
	dataFlag(c, &r.dir)
	c.Flags().StringVar(&r.config, "config", "", "the configuration `file`, which has the terms")
	_ = c.MarkFlagRequired("config") // the flag exists
}

// with runs f with a store and its policies.
func (r *retention) with(f func(s *storage.Store, book *ledger.Ledger, cfg *config.Config, now storage.Reading) error) error {
	cfg, err := config.Load(r.config)
	if err != nil {
		return coded{err, exitMustMend}
	}
	now, err := readClock(cfg)
	if err != nil {
		return err
	}
	return withDestruction(r.dir, func(s *storage.Store, book *ledger.Ledger) error { return f(s, book, cfg, now) })
}

// readClock reads the clocks; the time counts as synchronised where the configuration says so.
func readClock(cfg *config.Config) (storage.Reading, error) {
	now, err := storage.ReadClock()
	now.Synced = now.Synced || cfg.Storage.Clock == "trusted"
	return now, err
}

func retentionStatusVerb() *cobra.Command {
	var r retention
	var asJSON bool
	c := &cobra.Command{
		Use:   "status",
		Short: "Show the terms, and what is past them now",
		Args:  usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			return r.with(func(s *storage.Store, _ *ledger.Ledger, cfg *config.Config, now storage.Reading) error {
				if asJSON {
					return printPlanJSON(c.OutOrStdout(), s, cfg, now)
				}
				for _, p := range cfg.Policies() {
					fmt.Fprintf(c.OutOrStdout(), "class %s: %s, %s\n", p.Class,
						orNone("at least ", p.AtLeast, "no minimum"), orNone("at most ", p.AtMost, "no end: until somebody has them destroyed"))
				}
				return printPlan(c.OutOrStdout(), s, cfg, now)
			})
		},
	}
	r.flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "as one JSON object")
	return c
}

func orNone(words string, t storage.Term, none string) string {
	if t.N == 0 {
		return none
	}
	return words + t.String()
}

// printPlanJSON is the terms and what a run would destroy, for programs.
func printPlanJSON(w io.Writer, s *storage.Store, cfg *config.Config, now storage.Reading) error {
	plan, err := s.Plan(cfg.Policies(), now.Wall)
	if err != nil {
		return err
	}
	type class struct {
		Class   string `json:"class"`
		AtLeast string `json:"keep_at_least,omitempty"`
		AtMost  string `json:"keep_at_most,omitempty"`
	}
	type kept struct {
		Period string `json:"period"`
		Why    string `json:"why"`
	}
	out := struct {
		Classes []class `json:"classes"`
		Past    int     `json:"past_their_term"` // calls
		Periods int     `json:"whole_periods"`
		Usual   int     `json:"usual_a_day"`
		Kept    []kept  `json:"kept"`
	}{Classes: []class{}, Past: len(plan.Calls), Periods: len(plan.Periods), Usual: plan.Usual, Kept: []kept{}}
	for _, p := range cfg.Policies() {
		out.Classes = append(out.Classes, class{p.Class, orNone("", p.AtLeast, ""), orNone("", p.AtMost, "")})
	}
	for _, k := range plan.Kept {
		out.Kept = append(out.Kept, kept{k.Period.String(), k.Why})
	}
	return json.NewEncoder(w).Encode(out)
}

// printPlan says what a run would destroy.
func printPlan(w io.Writer, s *storage.Store, cfg *config.Config, now storage.Reading) error {
	plan, err := s.Plan(cfg.Policies(), now.Wall)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%d call(s) are past their term, %d period(s) whole; %d a day are usual\n", len(plan.Calls), len(plan.Periods), plan.Usual)
	for _, k := range plan.Kept {
		fmt.Fprintf(w, "period %s stays: %s\n", k.Period, k.Why)
	}
	return nil
}

func retentionRunVerb() *cobra.Command {
	var r retention
	var dry bool
	c := &cobra.Command{
		Use:   "run",
		Short: "Destroy what is past its term, as the desk does daily",
		Long: `Destroy what is past its term. It cannot be undone. Nothing is destroyed while the time of
day cannot be trusted, nor more than twice the usual volume unless a person approved it, nor
ever what is under legal hold.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			return r.with(func(s *storage.Store, book *ledger.Ledger, cfg *config.Config, now storage.Reading) error {
				if dry {
					return printPlan(c.OutOrStdout(), s, cfg, now)
				}
				plan, err := s.Retain(cfg.Policies(), now, book)
				if err != nil {
					return err
				}
				fmt.Fprintf(c.OutOrStdout(), "%d call(s) destroyed\n", len(plan.Calls))
				return nil
			})
		},
	}
	r.flags(c)
	c.Flags().BoolVar(&dry, "dry-run", false, "only say what would be destroyed")
	return c
}

func retentionApproveVerb() *cobra.Command {
	var r retention
	var o approval
	c := &cobra.Command{
		Use:   "approve",
		Short: "Let what is held back be destroyed, which takes two people",
		Long: `Let what is past its term and held back be destroyed, because it is more than twice the usual
volume; with --clock, because the time of day moved and is right. One person asks, with --reason;
another one approves, here or on the web pages, and it is destroyed at once. Look first:
linevault retention status.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := config.Load(r.config)
			if err != nil {
				return coded{err, exitMustMend}
			}
			return withDesk(r.dir, func(d *control.Desk) error {
				d.Policies = cfg.Policies()
				d.Clock = func() (storage.Reading, error) { return readClock(cfg) }
				return o.run(c, d)
			})
		},
	}
	r.flags(c)
	c.Flags().BoolVar(&o.clock, "clock", false, "the time of day is right")
	c.Flags().StringVar(&o.reason, "reason", "", "how you know that it is right, for who approves it")
	yesFlag(c, &o.yes)
	return c
}

// approval is what `linevault retention approve` is told.
type approval struct {
	clock, yes bool
	reason     string
}

func (o *approval) run(c *cobra.Command, d *control.Desk) error {
	a := atCommandLine()
	if err := d.LookAtRetention(a); err != nil {
		return err
	}
	look, err := d.Retention(a)
	if err != nil {
		return err
	}
	if r := look.Asked; r != nil && !storage.SamePerson(r.By, a.Name) {
		what := fmt.Sprintf("%d call(s) are past their term and will be gone for good; %s asked for it: %s.", len(look.Plan.Calls), r.By, r.Reason)
		if err := confirm(c, o.yes, what); err != nil {
			return err
		}
		done, err := d.Approve(a, r.ID)
		if err == nil {
			_, err = fmt.Fprintln(c.OutOrStdout(), done.Text)
		}
		return err
	}
	if look.HeldBack == nil {
		return storage.ErrNothingWaits
	}
	if look.HeldBack.What == storage.TimeMoved && !o.clock {
		return look.HeldBack
	}
	if err := d.AskRetention(a, o.reason); err != nil {
		return inFlags(err, "")
	}
	_, err = fmt.Fprintln(c.OutOrStdout(), "noted; another person must approve it: linevault retention approve, or Approvals on the web pages")
	return err
}
