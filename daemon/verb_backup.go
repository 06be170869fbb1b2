package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"linevault/storage/backup"
	"linevault/storage/keys"
	"linevault/storage/ledger"
)

func backupVerb() *cobra.Command {
	var dir, to, root string
	var verify bool
	c := &cobra.Command{
		Use:   "backup --to FOLDER",
		Short: "Copy what is stored to a folder that only grows",
		Long: `Copy closed segments, key files, the keyring, the ledger and the accounts to a folder. It works
while the box runs, copies only what is new, and goes on where it was cut off. Nothing in the
folder is changed or removed. What it copies is encrypted and the root key is not copied:
without the root key the backup opens nothing. Calls of the segments that the recorder is
writing are in the next backup.

With --with-root the root key is copied too, to a file of its own. Who has that file and the
backup can hear every call: keep the two apart. Each destruction, so as a rule each day, brings
a new root key: the file opens this backup and no later one. Better name people under [recovery]
in the configuration: what they bring the root key back with is in every backup.

With --verify nothing is copied: every content in the folder is read, and it is said which files
of which backups are damaged or missing. It needs no key and no data folder. What is damaged gets
another name, so that the next backup copies it again if it is still stored. Exit code 0 says that
all is well, 3 that something is not, 1 that it could not be verified.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if verify {
				return verifyBackup(c, to)
			}
			return backUp(c, dir, to, root)
		},
	}
	dataFlag(c, &dir)
	c.Flags().StringVar(&to, "to", "", "the `folder`, best on another disk")
	c.Flags().StringVar(&root, "with-root", "", "copy the root key to this `file`, too")
	c.Flags().BoolVar(&verify, "verify", false, "read everything in the folder instead, and say what of it is damaged")
	c.MarkFlagsMutuallyExclusive("verify", "with-root")
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
	line := newProgress(w)
	var r *backup.Result
	if root != "" {
		fmt.Fprintf(w, "linevault: WARNING: the root key goes to %s. Who has it and the backup can hear every call: keep the two apart.\n", root)
		r, err = backup.MakeWithRoot(dir, to, root, time.Now(), line.show)
	} else {
		r, err = backup.Make(dir, to, time.Now(), line.show)
	}
	line.end()
	if err != nil {
		return err
	}
	for _, name := range r.Left {
		fmt.Fprintf(w, "segment %s: the recorder is writing it; it will be in the next backup\n", name)
	}
	if root == "" {
		warnOfRoot(w, dir)
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "%d file(s), %d bytes; %d bytes copied\n", r.Files, r.Bytes, r.Copied)
	return err
}

// warnOfRoot says where nobody could open a backup if the box were lost.
func warnOfRoot(w io.Writer, dir string) {
	st, err := keys.ReadStatus(dir)
	if err != nil || !st.Plan.Empty() {
		return
	}
	fmt.Fprintln(w, "linevault: WARNING: if this box is lost, nobody can open the backup: its root key is nowhere else, and each destruction "+
		"brings a new one. Name people under [recovery] in the configuration, or copy the root key with each backup (--with-root).")
}

func restoreVerb() *cobra.Command {
	var o restoring
	c := &cobra.Command{
		Use:   "restore --from FOLDER",
		Short: "Make the data folder again from a backup",
		Long: `Make the data folder again from the newest backup in a folder, or, with --made, from an older
one. The data folder must be empty or not there. Every byte is checked. The root key comes from
the file that --root names, which must be of that very backup; without it nothing can be opened
until keys/root is put in its place, or its recovery recipients bring it back.

What was destroyed after the backup was made is there again and must be destroyed again.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c) },
	}
	dataFlag(c, &o.dir)
	c.Flags().StringVar(&o.from, "from", "", "the backup's `folder`")
	c.Flags().StringVar(&o.root, "root", "", "the `file` with the root key")
	c.Flags().StringVar(&o.made, "made", "", "the newest backup up to this `time`, such as \"2026-11-22 14:30:00\"")
	return required(c, "from")
}

// restoring is what `linevault restore` is told.
type restoring struct{ dir, from, root, made string }

func (o *restoring) run(c *cobra.Command) error {
	var at time.Time
	if o.made != "" {
		var err error
		if at, err = time.ParseInLocation(time.DateTime, o.made, time.Local); err != nil {
			return coded{fmt.Errorf("--made: %q is not a day and time such as \"2026-11-22 14:30:00\"", o.made), exitUsage}
		}
	}
	run, err := backup.Choose(o.from, at)
	if err != nil {
		return err
	}
	if o.root != "" {
		if err := run.CheckRoot(o.from, o.root); err != nil {
			return err
		}
	}
	line := newProgress(c.ErrOrStderr())
	files, err := run.Restore(o.from, o.dir, line.show)
	line.end()
	if _, some := errors.AsType[backup.DamagedError](err); err != nil && !some {
		return err
	}
	if o.root != "" {
		if err := errors.Join(err, backup.PutRoot(o.dir, o.root)); err != nil {
			return err
		}
		if _, err := keys.OpenRing(o.dir); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "%d file(s), as they were on %s\n", files, run.Made.Local().Format(time.DateTime))
	return o.warn(c.ErrOrStderr(), run)
}

// warn says what is to be done after a restore.
func (o *restoring) warn(w io.Writer, run *backup.Run) error {
	since, err := run.DestroyedSince(o.from)
	if err != nil {
		return err
	}
	what := "if anything was destroyed since then, it is here again: destroy it again, by the certificates that left the box"
	if len(since) > 0 {
		what = "what was destroyed since then is here again, of which later backups have the certificates " + strings.Join(since, ", ") + ": destroy it again"
	}
	fmt.Fprintf(w, "linevault: %s\n", what)
	if o.root == "" {
		fmt.Fprintf(w, "linevault: the root key is missing: put it to %s/keys/root (mode 0600), or run `linevault keys recover` with its recovery recipients; until then no call can be opened\n", o.dir)
	}
	return nil
}
