package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"linevault/daemon/control"
	"linevault/storage"
	"linevault/storage/disclosure"
	"linevault/storage/disclosure/maker"
	"linevault/storage/evidence"
)

// disclosing is what `linevault disclose` is told.
type disclosing struct {
	dir, out          string
	approve, approved bool
	yes               bool
	what              control.Disclosure
}

func discloseVerb() *cobra.Command {
	var o disclosing
	c := &cobra.Command{
		Use:   "disclose CALL --recipient KIND --to WHOM --basis LAW --purpose WHY -o PACK.zip, or disclose CALL --approve",
		Short: "Write a call and what proves it to a disclosure pack",
		Long: `Write a call to a disclosure pack: a zip file with the sound as Ogg Opus and WAV, all that is
known of the call, what the ledger says of it with proofs, a signed checkpoint and a
statement of one page. Whoever has the box's public key can check it with linevault-verify.
The disclosure is entered in the ledger before the pack is written. The pack is not
encrypted: keep it as you would the call.

To another service of the council (--recipient council) one person discloses a call. Whatever
leaves the council takes two, as on the web pages: one asks, another approves with --approve,
and who asked writes the pack with --approved -o PACK.zip. ` + "`linevault requests`" + ` lists what waits.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error { return o.run(c, args[0]) },
	}
	dataFlag(c, &o.dir)
	var kinds []string
	for _, r := range control.Recipients {
		kinds = append(kinds, r.ID)
	}
	c.Flags().StringVarP(&o.out, "output", "o", "", "the pack, a `file` ending in .zip")
	c.Flags().StringVar(&o.what.Kind, "recipient", "other", "what `kind` of recipient: "+strings.Join(kinds, ", "))
	c.Flags().StringVar(&o.what.To, "to", "", "who gets it")
	c.Flags().StringVar(&o.what.Basis, "basis", "", "the legal basis")
	c.Flags().StringVar(&o.what.Purpose, "purpose", "", "why")
	c.Flags().StringVar(&o.what.Reference, "reference", "", "a case number")
	c.Flags().BoolVar(&o.approve, "approve", false, "approve what another person asked for")
	c.Flags().BoolVar(&o.approved, "approved", false, "write the pack that another person has approved")
	yesFlag(c, &o.yes)
	c.MarkFlagsMutuallyExclusive("approve", "approved")
	return c
}

func (o *disclosing) run(c *cobra.Command, id string) error {
	if err := o.check(); err != nil {
		return err
	}
	return withDesk(o.dir, func(d *control.Desk) error {
		a := atCommandLine()
		if o.approve {
			return o.second(c, d, a, id)
		}
		pack := func(r disclosure.Request) error { return o.pack(c, d, id, r) }
		if o.approved {
			err := d.DiscloseApprovedWith(a, id, pack)
			switch {
			case errors.Is(err, control.ErrGone):
				return fmt.Errorf("nobody has asked to disclose call %s; see `linevault disclose --help`", id)
			case errors.Is(err, control.ErrForbidden):
				return fmt.Errorf("the disclosure of call %s waits: another person must approve it, and who asked for it writes the pack", id)
			}
			return inFlags(err, id)
		}
		waits, err := d.DiscloseWith(a, id, o.what, pack)
		if err == nil && waits {
			_, err = fmt.Fprintf(c.OutOrStdout(), "noted, and nothing written; another person must approve it: linevault disclose %s --approve, or Approvals on the web pages; "+
				"then linevault disclose %s --approved -o PACK.zip writes the pack\n", id, id)
		}
		return inFlags(err, id)
	})
}

// check finds what is wrong with the flags.
func (o *disclosing) check() error {
	if o.approve {
		return nil
	}
	if !o.approved {
		for _, f := range [][2]string{{"to", o.what.To}, {"basis", o.what.Basis}, {"purpose", o.what.Purpose}} {
			if strings.TrimSpace(f[1]) == "" {
				return coded{fmt.Errorf("--%s is not given; see `linevault disclose --help`", f[0]), exitUsage}
			}
		}
		i := slices.IndexFunc(control.Recipients, func(r control.Recipient) bool { return r.ID == o.what.Kind })
		if i < 0 {
			return coded{fmt.Errorf("--recipient %q: this is no kind of recipient; see `linevault disclose --help`", o.what.Kind), exitUsage}
		}
		if control.Recipients[i].Outside && o.out == "" {
			return nil
		}
	}
	if !strings.HasSuffix(strings.ToLower(o.out), ".zip") {
		return coded{fmt.Errorf("-o %q: the name of the pack must end in .zip", o.out), exitUsage}
	}
	return isNew(o.out)
}

// second is another person's approval.
func (o *disclosing) second(c *cobra.Command, d *control.Desk, a control.Actor, id string) error {
	r, err := waitingFor(d, a, control.AskedDisclosure, id)
	if err != nil {
		return err
	}
	if r == nil {
		return fmt.Errorf("nobody has asked to disclose call %s, or it is approved already; `linevault requests` lists what waits", id)
	}
	err = confirm(c, o.yes, fmt.Sprintf("Call %s leaves the council: %s asks that %s gets it, %s: %s.", id, r.By, r.More["to"], r.More["basis"], r.Reason))
	if err != nil {
		return err
	}
	done, err := d.Approve(a, r.ID)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(c.OutOrStdout(), done.Text)
	return err
}

// pack writes the pack of a call.
func (o *disclosing) pack(c *cobra.Command, d *control.Desk, id string, r disclosure.Request) error {
	row, err := d.Store.Find(storage.CallID(id))
	if err != nil {
		return err
	}
	err = confirm(c, o.yes, fmt.Sprintf("Call %s, %v long, goes to %s unencrypted, for %s.", id, row.Length.Round(time.Second), o.out, r.To))
	if err != nil {
		return err
	}
	k := maker.Maker{
		Store: d.Store, Book: d.Ledger, Register: evidence.New(d.Store, d.Ledger), Checkpoints: d.Checkpoints,
		Software: "Linevault " + version, Now: time.Now,
	}
	line := newProgress(c.ErrOrStderr())
	k.Progress = line.show
	found, err := k.Make(storage.CallID(id), r, o.out)
	line.end()
	if err != nil {
		return err
	}
	fmt.Fprintf(c.ErrOrStderr(), "%s: entry %d of the ledger; give the recipient this key on another way than the pack:\n", o.out, found.Entry)
	_, err = fmt.Fprintln(c.OutOrStdout(), found.Key)
	return err
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
		Use:   "verify FILE",
		Short: "Check a disclosure pack or a certificate, on any computer",
		Long: `Check a disclosure pack, or a certificate of destruction that ` + "`linevault certificates --export`" + `
wrote, and say in plain words what it proves and what not. It needs no box and no network. Without
--key it goes by the key in the file, which shows only that the file is consistent. Exit code 0 says that it holds, 3 that it does not. The program
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
