package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"linevault/daemon/bench"
)

func benchVerb() *cobra.Command {
	var speech, only string
	var lines, seconds, complexity int
	c := &cobra.Command{
		Use:    "bench",
		Short:  "Measure what recording costs on this machine",
		Hidden: true, // `make bench` is for people
		Args:   usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			sound, err := bench.Material(speech, max(60, seconds))
			if err != nil {
				return err
			}
			dir, err := os.MkdirTemp("", "linevault-bench")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir)
			switch only {
			case "":
				return bench.Figures(c.OutOrStdout(), dir, sound, lines, seconds)
			case "memory":
				return bench.Memory(c.OutOrStdout(), dir, sound, lines)
			case "circuits":
				return bench.Circuits(c.OutOrStdout(), dir, sound, lines, seconds, complexity)
			case "path", "bare", "none":
				return bench.Only(only, dir, sound, lines, seconds, complexity)
			}
			return coded{fmt.Errorf("--only %q: this is not path, bare, none, circuits or memory", only), exitUsage}
		},
	}
	f := c.Flags()
	f.StringVar(&speech, "speech", "/usr/share/asterisk/sounds/*/*.wav", "recorded speech, as a `pattern` of file names")
	f.IntVar(&lines, "lines", 60, "how many lines")
	f.IntVar(&seconds, "seconds", 30, "how many seconds of each")
	f.StringVar(&only, "only", "", "only this: the work of `path`, bare or none, for a profiler to count, circuits in real time, or memory")
	f.IntVar(&complexity, "complexity", 5, "Opus complexity, with --only")
	return c
}
