package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"linevault/storage/backup"
)

// verifyBackup reads everything in a backup's folder and says what of it is damaged.
func verifyBackup(c *cobra.Command, folder string) error {
	line := newProgress(c.ErrOrStderr())
	v, err := backup.Verify(folder, line.show)
	line.end()
	if err != nil {
		return err
	}
	w := c.OutOrStdout()
	for _, name := range v.Broken {
		fmt.Fprintf(w, "runs/%s is damaged: nothing can be restored of that backup\n", name)
	}
	for _, d := range v.Damaged {
		fmt.Fprintf(w, "%s %s\n", d.Path, d.Why)
		for _, f := range d.Files {
			fmt.Fprintf(w, "  %s of %s\n", f.Path, backupsOf(f.Runs))
		}
	}
	verdict := "all is well"
	if !v.OK() {
		verdict = fmt.Sprintf("%d problem(s)", len(v.Broken)+len(v.Damaged))
	}
	if _, err := fmt.Fprintf(w, "%d backup(s), %d content(s), %d bytes: %s\n", v.Runs, v.Blobs, v.Bytes, verdict); err != nil {
		return err
	}
	switch {
	case v.OK():
		return nil
	case v.Kept() != nil:
		return coded{fmt.Errorf("what is damaged could not be set aside, so the next backup may not copy it again (%w): "+
			"let files in the folder be renamed (chattr -R -a, if it is append-only) and verify it again, or begin a backup in a new folder", v.Kept()), exitUnsound}
	case len(v.Damaged) > 0:
		return coded{fmt.Errorf("run `linevault backup --to %s` now: it copies again what is still stored of this; then verify it again, "+
			"and think about another disk", folder), exitUnsound}
	}
	return coded{fmt.Errorf("run `linevault backup --to %s` now: it makes a new list of files", folder), exitUnsound}
}

// backupsOf says which backups runs are, the oldest first, in few words.
func backupsOf(runs []*backup.Run) string {
	at := func(r *backup.Run) string { return r.Made.Local().Format(time.DateTime) }
	first, last := runs[0], runs[len(runs)-1]
	if len(runs) == 1 {
		return "the backup of " + at(first)
	}
	return fmt.Sprintf("%d backups, from that of %s to that of %s", len(runs), at(first), at(last))
}
