package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"linevault/storage"
	"linevault/storage/ledger"
)

func annotateVerb() *cobra.Command {
	var dir string
	var flags, cleared, notes, purposes []string
	var agent, extension string
	var rating int
	c := &cobra.Command{
		Use:   "annotate CALL",
		Short: "Add a note, a flag, a rating or labels to a call",
		Long: `Add to a call what should be known about it: --note TEXT, --flag WORDS, --rating 1 to 5 (0 takes it
back), --agent, --extension and --purpose. Notes, flags and purposes may be given several times. Nothing
is ever changed: what was said stays, with who and when, and is destroyed with the call.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			var list []storage.Annotation
			all := func(kind storage.AnnotationKind, texts ...string) {
				for _, t := range texts {
					list = append(list, storage.Annotation{Kind: kind, Text: t, By: "command line: " + me()})
				}
			}
			all(storage.SetFlag, flags...)
			all(storage.ClearFlag, cleared...)
			all(storage.AddNote, notes...)
			all(storage.SetPurpose, purposes...)
			if c.Flags().Changed("agent") {
				all(storage.SetAgent, agent)
			}
			if c.Flags().Changed("extension") {
				all(storage.SetExtension, extension)
			}
			if c.Flags().Changed("rating") {
				all(storage.Rate, "")
				list[len(list)-1].Stars = rating
			}
			if len(list) == 0 {
				return coded{errors.New("say what to add: --note, --flag, --clear-flag, --rating, --agent, --extension or --purpose"), exitUsage}
			}
			return withDestruction(dir, func(s *storage.Store, book *ledger.Ledger) error {
				for _, a := range list {
					err := s.Annotate(storage.CallID(args[0]), a, func(e ledger.Event) error {
						_, err := book.Append(e)
						return err
					})
					if errors.Is(err, storage.ErrNoCall) {
						return fmt.Errorf("there is no call %s; `linevault calls` lists them", args[0])
					}
					if err != nil {
						return err
					}
				}
				_, err := fmt.Fprintf(c.OutOrStdout(), "%d annotation(s) kept with call %s\n", len(list), args[0])
				return err
			})
		},
	}
	dataFlag(c, &dir)
	c.Flags().StringArrayVar(&notes, "note", nil, "a note, `text`")
	c.Flags().StringArrayVar(&flags, "flag", nil, "a flag, in a few `words`")
	c.Flags().StringArrayVar(&cleared, "clear-flag", nil, "take back the flag of these `words`")
	c.Flags().StringArrayVar(&purposes, "purpose", nil, "what the call was about, in a few `words`")
	c.Flags().StringVar(&agent, "agent", "", "`who` took the call")
	c.Flags().StringVar(&extension, "extension", "", "the `extension` that took it")
	c.Flags().IntVar(&rating, "rating", 0, "1 to 5 `stars`, or 0 for none")
	return c
}
