package main

import (
	"os"
	"os/exec"

	"github.com/spf13/cobra"

	"linevault/daemon/capture"
	"linevault/daemon/config"
	"linevault/daemon/health"
	"linevault/daemon/link"
	"linevault/daemon/output"
	"linevault/hal/gpio"
)

// outputVerb is the process that holds the pins of lamps and relays, which the recorder starts.
func outputVerb() *cobra.Command {
	var o boxOptions
	c := &cobra.Command{
		Use:    "output",
		Hidden: true,
		Args:   usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			cfg, err := config.Load(o.config)
			if err != nil {
				return coded{err, exitMustMend}
			}
			var opens []output.Open
			for _, k := range cfg.Output {
				opens = append(opens, func() (output.Pin, error) {
					return gpio.OpenOutput(gpio.OutputConfig{Pin: k.Pin, ActiveLow: k.ActiveLow})
				})
			}
			return output.Keep(c.InOrStdin(), c.OutOrStdout(), opens)
		},
	}
	o.flags(c)
	return c
}

// makeOutputs makes what tells the lamps and relays of the configuration; nil if there are none.
func makeOutputs(file string, cfg *config.Config, lines []*capture.Line, board *health.Board) *output.Follower {
	if len(cfg.Output) == 0 {
		return nil
	}
	f := &output.Follower{
		Health: board,
		Status: func() link.Status {
			var s link.Status
			for _, l := range lines {
				s.Lines = append(s.Lines, *l.State())
			}
			return s
		},
		Keeper: func() (*exec.Cmd, error) {
			self, err := os.Executable()
			if err != nil {
				return nil, err
			}
			cmd := exec.Command(self, "output", "--config", file)
			cmd.Stderr = os.Stderr
			return cmd, nil
		},
	}
	for _, k := range cfg.Output {
		f.Outputs = append(f.Outputs, output.Output{Name: k.Name, When: output.When(k.When), Lines: ids(k.Lines)})
	}
	f.Open()
	return f
}
