package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"linevault/daemon/link"
	"linevault/storage"
	"linevault/storage/disclosure"
	"linevault/storage/disclosure/maker"
	"linevault/storage/evidence"
)

func discloseVerb() *cobra.Command {
	var dir, out string
	var r disclosure.Request
	c := &cobra.Command{
		Use:   "disclose CALL --to WHOM --basis LAW --purpose WHY -o PACK.zip",
		Short: "Write a call and what proves it to a disclosure pack",
		Long: `Write a call to a disclosure pack: a zip file with the sound as Ogg Opus and WAV, all that is
known of the call, what the ledger says of it with proofs, a signed checkpoint and a
statement of one page. Whoever has the box's public key can check it with linevault-verify.
The disclosure is entered in the ledger before the pack is written. The pack is not
encrypted: keep it as you would the call.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			for flag, text := range map[string]string{"to": r.To, "basis": r.Basis, "purpose": r.Purpose} {
				if strings.TrimSpace(text) == "" {
					return coded{fmt.Errorf("--%s is empty; see `linevault disclose --help`", flag), exitUsage}
				}
			}
			r.By = "command line: " + me()
			return disclose(c, dir, storage.CallID(args[0]), r, out)
		},
	}
	dataFlag(c, &dir)
	c.Flags().StringVarP(&out, "output", "o", "", "the pack, a `file` ending in .zip")
	c.Flags().StringVar(&r.To, "to", "", "who gets it")
	c.Flags().StringVar(&r.Basis, "basis", "", "the legal basis")
	c.Flags().StringVar(&r.Purpose, "purpose", "", "why")
	c.Flags().StringVar(&r.Reference, "reference", "", "a case number")
	return required(c, "output", "to", "basis", "purpose")
}

func disclose(c *cobra.Command, dir string, id storage.CallID, r disclosure.Request, out string) error {
	if !strings.HasSuffix(strings.ToLower(out), ".zip") {
		return coded{fmt.Errorf("%s: the name must end in .zip", out), exitUsage}
	}
	if err := isNew(out); err != nil {
		return err
	}
	s, err := storage.Open(dir, link.Dial(dir))
	if err != nil {
		return err
	}
	defer s.Close()
	return withBooks(dir, func(b *books) error {
		k := maker.Maker{
			Store: s, Book: b.book, Register: evidence.New(s, b.book), Checkpoints: b.checkpoints,
			Software: "Linevault " + version, Now: time.Now,
		}
		found, err := k.Make(id, r, out)
		if errors.Is(err, storage.ErrNoCall) {
			return fmt.Errorf("there is no call %s; `linevault calls` lists them", id)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(c.ErrOrStderr(), "%s: entry %d of the ledger; give the recipient this key on another way than the pack:\n", out, found.Entry)
		_, err = fmt.Fprintln(c.OutOrStdout(), found.Key)
		return err
	})
}

// onePack wants the name of one pack.
func onePack(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return errors.New("name one disclosure pack, such as PACK.zip")
	}
	return nil
}

func verifyVerb() *cobra.Command {
	var key string
	c := &cobra.Command{
		Use:   "verify PACK",
		Short: "Check a disclosure pack, on any computer",
		Long: `Check a disclosure pack and say in plain words what it proves and what not. It needs no
box and no network. Without --key it goes by the key in the pack, which shows only that the
pack is consistent. Exit code 0 says that it holds, 3 that it does not. The program
linevault-verify does just this, as one file for other computers (make verify-static).`,
		Args: usage(onePack),
		RunE: func(c *cobra.Command, args []string) error {
			found, err := disclosure.VerifyFile(args[0], key)
			if err == nil {
				err = found.Print(c.OutOrStdout())
			}
			if err == nil && !found.OK() {
				return coded{nil, exitUnsound}
			}
			return err
		},
	}
	c.Flags().StringVar(&key, "key", "", "a `file` with the box's public key, such as `linevault ledger status` printed")
	return c
}
