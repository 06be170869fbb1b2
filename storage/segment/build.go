package segment

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"linevault/storage/durable"
	"linevault/storage/internal/crash"
	"linevault/storage/seal"
)

// DeskFrom is where the numbers of segments begin that the desk makes when something is
// destroyed. A recorder's own are below it: neither has to ask the other for a number.
const DeskFrom = 1_000_000

// buildCommit is how many bytes of boxes Build commits at a time: bbolt holds a transaction
// in memory.
const buildCommit = 8 << 20

// Build makes a whole closed segment in dir. It grows in the folder scratch, which must not
// have it yet, and comes to dir by one rename.
func Build(dir, scratch string, name Name, fill func(w *Writer) error) error {
	crash.At("build " + name.String())
	if _, err := os.Lstat(filepath.Join(dir, name.String())); err == nil {
		return fmt.Errorf("segment %s: there already", name)
	}
	w, err := Create(scratch, name, 256<<20)
	if err != nil {
		return err
	}
	if err := fill(w); err != nil {
		return errors.Join(err, w.Remove())
	}
	if err := w.Close(); err != nil {
		return errors.Join(err, w.Remove())
	}
	crash.At("rename " + name.String())
	if err := os.Rename(filepath.Join(scratch, name.String()), filepath.Join(dir, name.String())); err != nil {
		return fmt.Errorf("segment %s: %w", name, err)
	}
	return durable.SyncFolder(dir)
}

// Without puts a segment without some parts in the place of a closed one, under another
// number; with no part left, none. It reports false and changes nothing where the segment has
// none of them. One in which anything is damaged it leaves as it is, with an error. A crash
// may leave both: their boxes are the same, and another call removes the first.
func Without(dir, scratch, file string, drop func(seal.PartID) bool) (changed bool, err error) {
	r, err := Open(dir, file)
	if err != nil {
		return false, err
	}
	defer r.Close()
	var damage []error
	damaged := func(err error) { damage = append(damage, err) }
	entries, stay := r.Scan(damaged), 0
	for _, e := range entries {
		if !drop(e.Part) {
			stay++
		}
	}
	if err := errors.Join(damage...); err != nil || stay == len(entries) {
		return false, err
	}
	name := r.Name
	name.Seq += DeskFrom
	if _, err := os.Lstat(filepath.Join(dir, name.String())); err != nil && stay > 0 {
		err := Build(dir, scratch, name, func(w *Writer) error { return r.copyTo(w, entries, drop) })
		if err != nil {
			return false, err
		}
	}
	crash.At("remove " + file)
	if err := os.Remove(filepath.Join(dir, file)); err != nil {
		return false, err
	}
	return true, durable.SyncFolder(dir)
}

// copyTo copies the boxes of all parts but those that drop names, one part after another.
func (r *Reader) copyTo(w *Writer, entries []*Entry, drop func(seal.PartID) bool) error {
	size := w.Size()
	for _, e := range entries {
		if drop(e.Part) {
			continue
		}
		c := *e
		c.Offsets = nil
		for _, off := range e.Offsets {
			h, sealed, err := r.Read(off)
			if err != nil {
				return err
			}
			c.Offsets = append(c.Offsets, w.Append(h, sealed))
			if w.Size()-size > buildCommit {
				if err := w.Commit(); err != nil {
					return err
				}
				size = w.Size()
			}
		}
		w.End(&c)
	}
	return nil
}
