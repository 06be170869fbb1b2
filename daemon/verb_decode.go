package main

import (
	"github.com/spf13/cobra"

	"linevault/hal/analogue/signalling"
	"linevault/hal/pri"
)

func priVerb() *cobra.Command {
	c := &cobra.Command{Use: "pri", Short: "Look into ISDN PRI signalling"}
	var asJSON bool
	d := &cobra.Command{
		Use:   "decode NET.pcap USER.pcap",
		Short: "Print the calls in a capture of a D-channel",
		Long: `Print the calls in a capture of a D-channel, one a line, in the order in which they began.
Give the two directions as two files, or one capture that holds both. With --json each
call is one JSON object on a line of its own.`,
		Args: usage(cobra.RangeArgs(1, 2)),
		RunE: func(c *cobra.Command, args []string) error {
			return pri.Decode(c.OutOrStdout(), asJSON, args...)
		},
	}
	d.Flags().BoolVar(&asJSON, "json", false, "one JSON object a call")
	c.AddCommand(d)
	return c
}

func analogueVerb() *cobra.Command {
	c := &cobra.Command{Use: "analogue", Short: "Look into the signalling of an analogue line"}
	var asJSON bool
	d := &cobra.Command{
		Use:   "decode FILE.wav",
		Short: "Print what a recording of a line signals: digits, caller identity and tones",
		Long: `Print what a recording of an analogue line signals, in the order of time: keypad digits,
caller identity and supervisory tones. With --json each event is one JSON object on a line
of its own.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			return signalling.Decode(c.OutOrStdout(), asJSON, args[0])
		},
	}
	d.Flags().BoolVar(&asJSON, "json", false, "one JSON object an event")
	c.AddCommand(d)
	return c
}
