package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"linevault/daemon/control"
)

func requestsVerb() *cobra.Command {
	var dir, refuse, reason string
	var asJSON bool
	c := &cobra.Command{
		Use:   "requests",
		Short: "List what waits for another person's approval, or refuse one of it",
		Long: `List what one person has asked for and another one must approve: disclosures, erasures, long
purges, releases of holds, and retention that is held back. Each says which command approves it.
With --refuse ID --reason TEXT one is refused, or withdrawn by who asked for it. More roles and
new passwords are approved on the web pages only.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			return withDesk(dir, func(d *control.Desk) error {
				if refuse == "" {
					return listRequests(c, d, asJSON)
				}
				if err := d.Refuse(atCommandLine(), refuse, reason); err != nil {
					return inFlags(err, "")
				}
				_, err := fmt.Fprintln(c.OutOrStdout(), "refused; nothing was done")
				return err
			})
		},
	}
	dataFlag(c, &dir)
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a request")
	c.Flags().StringVar(&refuse, "refuse", "", "the `id` of a request to refuse or withdraw")
	c.Flags().StringVar(&reason, "reason", "", "why it is refused")
	c.MarkFlagsMutuallyExclusive("json", "refuse")
	return c
}

func listRequests(c *cobra.Command, d *control.Desk, asJSON bool) error {
	all, err := d.Requests(atCommandLine())
	if err != nil {
		return err
	}
	w := c.OutOrStdout()
	if asJSON {
		e := json.NewEncoder(w)
		for _, r := range all {
			if err := e.Encode(r.Request); err != nil {
				return err
			}
		}
		return nil
	}
	if len(all) == 0 {
		_, err := fmt.Fprintln(w, "nothing waits for approval")
		return err
	}
	for _, r := range all {
		if _, err := fmt.Fprintf(w, "%s  %s%s, asked by %s on %s: %s\n  %s\n", r.ID, r.Kind, about(r), r.By,
			r.At.Local().Format(time.DateTime), r.Reason, next(r)); err != nil {
			return err
		}
	}
	return nil
}

// about says which call a request is about, and who is to get it.
func about(r control.Waiting) string {
	s := ""
	if r.Call != "" {
		s = " of call " + string(r.Call)
	}
	if to := r.More["to"]; r.Kind == control.AskedDisclosure && to != "" {
		s += " to " + to
	}
	if from, to, err := r.Span(); r.Kind == control.AskedPurge && err == nil {
		s += fmt.Sprintf(", %v to %v", from, to)
	}
	return s
}

// next says what is to be done about a request, and by whom.
func next(r control.Waiting) string {
	switch r.Kind {
	case control.AskedDisclosure:
		if r.Approved != "" {
			return fmt.Sprintf("approved by %s; who asked: linevault disclose %s --approved -o PACK.zip", r.Approved, r.Call)
		}
		return fmt.Sprintf("another person: linevault disclose %s --approve", r.Call)
	case control.AskedErasure:
		return fmt.Sprintf("another person: linevault erase %s --approve", r.Call)
	case control.AskedPurge:
		return fmt.Sprintf("another person: linevault purge %s --approve", r.Call)
	case control.AskedRetention:
		return "another person: linevault retention approve"
	case control.AskedRelease:
		return fmt.Sprintf("another person: linevault hold release %s --reason TEXT", r.Call)
	}
	return "another person, on the web pages"
}
