package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"linevault/storage/backup"
	"linevault/storage/keys"
	"linevault/storage/ledger"
)

func backupVerb() *cobra.Command {
	var dir, to, root string
	c := &cobra.Command{
		Use:   "backup --to FOLDER",
		Short: "Copy what is stored to a folder that only grows",
		Long: `Copy closed segments, key files, the keyring, the ledger and the accounts to a folder. It works
while the box runs, copies only what is new, and goes on where it was cut off. Nothing in the
folder is changed or removed. What it copies is encrypted and the root key is not copied:
without the root key the backup opens nothing. Calls of the segments that the recorder is
writing are in the next backup.

With --with-root the root key is copied too, to a file of its own. Who has that file and the
backup can hear every call: keep the two apart.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return backUp(c, dir, to, root) },
	}
	dataFlag(c, &dir)
	c.Flags().StringVar(&to, "to", "", "the `folder`, best on another disk")
	c.Flags().StringVar(&root, "with-root", "", "copy the root key to this `file`, too")
	return required(c, "to")
}

func backUp(c *cobra.Command, dir, to, root string) error {
	w := c.ErrOrStderr()
	text := "to " + to
	if root != "" {
		text += ", and the root key to " + root
	}
	// A box that is locked is backed up all the same, and its ledger cannot be written.
	err := enter(dir, ledger.Event{At: time.Now().UTC(), Kind: "backup", Who: "command line: " + me(), Text: text})
	if _, locked := errors.AsType[*keys.LockedError](err); err != nil && (root != "" || !locked) {
		return err
	}
	if root != "" {
		fmt.Fprintf(w, "linevault: WARNING: the root key goes to %s. Who has it and the backup can hear every call: keep the two apart.\n", root)
		if err := backup.SaveRoot(dir, root, to); err != nil {
			return err
		}
	}
	line := newProgress(w)
	r, err := backup.Make(dir, to, time.Now(), line.show)
	line.end()
	if err != nil {
		return err
	}
	for _, name := range r.Left {
		fmt.Fprintf(w, "segment %s: the recorder is writing it; it will be in the next backup\n", name)
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "%d file(s), %d bytes; %d bytes copied\n", r.Files, r.Bytes, r.Copied)
	return err
}

func restoreVerb() *cobra.Command {
	var dir, from, root string
	c := &cobra.Command{
		Use:   "restore --from FOLDER",
		Short: "Make the data folder again from a backup",
		Long: `Make the data folder again from the newest backup in a folder. The data folder must be empty
or not there. Every byte is checked. The root key comes from the file that --root names;
without it nothing can be opened until keys/root is put in its place.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if root != "" {
				if err := backup.CheckRoot(root); err != nil {
					return err
				}
			}
			line := newProgress(c.ErrOrStderr())
			made, files, err := backup.Restore(from, dir, line.show)
			line.end()
			if err != nil {
				return err
			}
			if root != "" {
				if err := backup.PutRoot(dir, root); err != nil {
					return err
				}
				if _, err := keys.OpenRing(dir); err != nil {
					return err
				}
			}
			fmt.Fprintf(c.OutOrStdout(), "%d file(s), as they were on %s\n", files, made.Local().Format("2006-01-02 15:04:05"))
			if root == "" {
				fmt.Fprintf(c.ErrOrStderr(), "linevault: the root key is missing: put it to %s/keys/root (mode 0600), or run `linevault keys recover` with its recovery recipients; until then no call can be opened\n", dir)
			}
			return nil
		},
	}
	dataFlag(c, &dir)
	c.Flags().StringVar(&from, "from", "", "the backup's `folder`")
	c.Flags().StringVar(&root, "root", "", "the `file` with the root key")
	return required(c, "from")
}
