package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"linevault/storage"
	"linevault/storage/durable"
	"linevault/storage/keys"
	"linevault/storage/keys/recovery"
	"linevault/storage/ledger"
)

func keysIdentityVerb() *cobra.Command {
	var out string
	var locked bool
	c := &cobra.Command{
		Use:   "identity --output FILE",
		Short: "Make an identity for somebody who shall be able to bring the root key back",
		Long: `Make an age identity, post-quantum and classical at once, for somebody who shall be able to
bring the root key back. The file is theirs: it must not stay on the box. What is printed goes
into the configuration, as key of a [[recovery.recipient]]. An identity that age-keygen made
does as well.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			words := ""
			if locked {
				var err error
				if words, err = newPassphrase(c); err != nil {
					return err
				}
			}
			to, file, err := recovery.NewIdentity(words)
			if err != nil {
				return err
			}
			defer clear(file)
			if err := durable.New(out, file); errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("identity: %s is there already and is left as it is, for it may be all that brings a root key back: name another file", out)
			} else if err != nil {
				return fmt.Errorf("identity %s: %w", out, err)
			}
			fmt.Fprintf(c.ErrOrStderr(), "linevault: %s is the identity: keep it away from this box, and safe. Its fingerprint is %s\n", out, to.Fingerprint())
			_, err = fmt.Fprintln(c.OutOrStdout(), to.Key)
			return err
		},
	}
	c.Flags().StringVarP(&out, "output", "o", "", "the new `file`")
	c.Flags().BoolVar(&locked, "passphrase", false, "lock the file with a passphrase, which is asked for")
	return required(c, "output")
}

// newPassphrase asks twice for a passphrase.
func newPassphrase(c *cobra.Command) (string, error) {
	in := bufio.NewReader(c.InOrStdin())
	words, err := askPassphrase(c.ErrOrStderr(), in, "Passphrase for the file: ")
	if err != nil {
		return "", err
	}
	again, err := askPassphrase(c.ErrOrStderr(), in, "The same again: ")
	if err == nil && words != again {
		err = errors.New("the two passphrases differ; nothing was made")
	}
	return words, err
}

// identityFlags are what recover and drill share.
type identityFlags struct {
	dir, from string
	files     []string
}

func (o *identityFlags) flags(c *cobra.Command) {
	dataFlag(c, &o.dir)
	c.Flags().StringArrayVarP(&o.files, "identity", "i", nil, "a `file` with an age identity; once for each that is needed")
	c.Flags().StringVar(&o.from, "from", "", "another recovery copy than keys/recovery, such as a backup's `file`")
}

// open opens the ring by the recovery copy, in memory.
func (o *identityFlags) open(c *cobra.Command) (*keys.Ring, []recovery.Recipient, error) {
	ids, err := o.read(c)
	if err != nil {
		return nil, nil, err
	}
	return keys.Recovered(o.dir, o.from, ids)
}

// read reads the identities.
func (o *identityFlags) read(c *cobra.Command) ([]recovery.Identity, error) {
	if err := storage.CheckFormat(o.dir); err != nil {
		return nil, err
	}
	return readIdentities(c, o.files)
}

func keysRecoverVerb() *cobra.Command {
	var o identityFlags
	home := ""
	c := &cobra.Command{
		Use:   "recover --identity FILE [--identity FILE ...]",
		Short: "Bring a lost root key back with the identities of its recovery recipients",
		Long: `Bring the root key back after the TPM was cleared or changed, on a replaced machine, or when
keys/root was lost. What comes back opens the keyring once and is then worthless: a new root
key takes its place, wrapped for the same recipients. A desk that waits goes on by itself, and
what was recorded meanwhile plays. Without enough identities nothing is opened or changed, and
it is said who the recipients are.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if h := keys.Home(home); h != keys.Auto && h != keys.InTPM && h != keys.InFile {
				return coded{fmt.Errorf("--root: %q is not auto, tpm or file", home), exitUsage}
			}
			_, err := openRing(o.dir)
			if err == nil {
				return errors.New("the root key is not lost: there is nothing to bring back; to try the identities, use `linevault keys drill`")
			}
			if _, locked := errors.AsType[*keys.LockedError](err); !locked {
				return err
			}
			ring, by, err := o.open(c)
			if err != nil {
				return err
			}
			if err := ring.Restore(keys.Home(home)); err != nil {
				return err
			}
			return sayRecovered(c.OutOrStdout(), o.dir, by)
		},
	}
	o.flags(c)
	c.Flags().StringVar(&home, "root", string(keys.Auto), "where the new root key lives: `auto`, tpm or file")
	return c
}

func sayRecovered(w io.Writer, dir string, by []recovery.Recipient) error {
	s, err := keys.ReadStatus(dir)
	if err != nil {
		return err
	}
	where := "keys/root"
	if s.Home == keys.InTPM {
		where = "the TPM"
	}
	fmt.Fprintf(w, "The recordings open again. A new root key is in %s; %d period(s) have keys.\nBrought back by %s.\n", where, s.Periods, recovery.Names(by))
	for _, p := range s.Problems {
		fmt.Fprintln(w, p)
	}
	return enter(dir, ledger.Event{
		Kind: rootRecovered, Who: "command line: " + me(),
		Text: "with the identities of " + recovery.Names(by) + "; a new root key is in " + where,
	})
}

func keysRotateVerb() *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "rotate",
		Short: "Put a new root key in the place of the old one, now",
		Long: `Put a new root key in the place of the old one, which is overwritten. Every destruction does
that by itself; do it by hand when somebody may have seen the root key. The recovery copy is
renewed with it. A copy that somebody keeps of the old root key opens nothing but old backups.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			ring, err := openRing(dir)
			if err != nil {
				return err
			}
			old := ring.RootID()
			if err := ring.Rotate(); err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "Root key %s has taken the place of %s.\n", ring.RootID(), old)
			return enter(dir, ledger.Event{
				Kind: rootRotated, Who: "command line: " + me(), Text: "root key " + ring.RootID() + " in the place of " + old,
			})
		},
	}
	dataFlag(c, &dir)
	return c
}
