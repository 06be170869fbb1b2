package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"linevault/daemon/link"
)

// listTerminals prints what may pause lines by the API, as the recorder knows it.
func listTerminals(c *cobra.Command, dir string, asJSON bool) error {
	s, err := link.Dial(dir).Status(c.Context())
	if err != nil {
		return fmt.Errorf("%w; start the box, which knows its terminals", err)
	}
	if asJSON {
		e := json.NewEncoder(c.OutOrStdout())
		for _, t := range s.Terminals {
			if err := e.Encode(t); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "TERMINAL\tLINES\tLAST USED\tFROM\tUNTIL")
	for _, t := range s.Terminals {
		var lines []string
		for _, l := range t.Lines {
			lines = append(lines, string(l))
		}
		used, from, until := "never", "-", "for ever"
		if !t.LastUsed.IsZero() {
			used, from = t.LastUsed.Local().Format("2006-01-02 15:04:05"), t.LastFrom
		}
		if !t.Expires.IsZero() {
			until = t.Expires.Local().Format("2006-01-02")
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", t.Name, strings.Join(lines, ","), used, from, until)
	}
	return w.Flush()
}
