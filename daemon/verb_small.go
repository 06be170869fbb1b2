package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"linevault/daemon/demo"
	"linevault/daemon/hook"
	"linevault/hal/analogue"
)

func tokenVerb() *cobra.Command {
	var webhook, list, asJSON bool
	var dir string
	c := &cobra.Command{
		Use:   "token",
		Short: "Make a token for a payment terminal",
		Long: `Make a token with which a payment terminal may pause lines. The token is shown this
once; the box keeps only its SHA-256, in the configuration.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if webhook {
				_, err := fmt.Fprintln(c.OutOrStdout(), hook.NewSecret())
				return err
			}
			if list {
				return listTerminals(c, dir, asJSON)
			}
			t := newToken()
			_, err := fmt.Fprintf(c.OutOrStdout(), `token (give it to the terminal; it is not shown again):
    %s

for the configuration:
    [[terminal]]
    name = "till 1"
    lines = ["Parking"]
    token_sha256 = "%x"
`, t, sha256.Sum256([]byte(t)))
			return err
		},
	}
	c.Flags().BoolVar(&list, "list", false, "list the terminals there are, their last use and last day, instead")
	c.Flags().BoolVar(&asJSON, "json", false, "with --list, as JSON")
	dataFlag(c, &dir)
	c.Flags().BoolVar(&webhook, "webhook", false, "make a secret for a webhook instead, to be kept in a file that webhook.secret_file names")
	return c
}

// newToken is 160 random bits.
func newToken() string {
	b := make([]byte, 20)
	_, _ = rand.Read(b) // it never fails
	return "lvt_" + strings.ToLower(base32.StdEncoding.EncodeToString(b))
}

func cardVerb() *cobra.Command {
	return &cobra.Command{
		Use:   "card --list",
		Short: "List the audio devices there are",
		Long: `With --list, print the audio devices there are, with the number of their channels.
Without it this is the process that reads one card for the recorder, which starts it.`,
		DisableFlagParsing: true, // the arguments are between hal/analogue and itself
		RunE: func(c *cobra.Command, args []string) error {
			for _, a := range args {
				if a == "--help" || a == "-h" {
					return c.Help()
				}
			}
			return analogue.Child(c.Context(), args)
		},
	}
}

func demoVerb() *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:         "demo",
		Annotations: endsInOrder,
		Short:       "Speak the demonstration's calls",
		Long:        "Speak the demonstration's calls into a folder, with the speech synthesiser flite. Calls that are there already are left.",
		Args:        usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			return demo.Build(c.Context(), out, func(title string) {
				fmt.Fprintf(c.OutOrStdout(), "speaking %q\n", title)
			})
		},
	}
	c.Flags().StringVarP(&out, "out", "o", "build/demo", "the `folder`")
	return c
}
