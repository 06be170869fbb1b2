package torture

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"linevault/storage/torture/watch"
)

// Disk is what a disk with a cache holds after a run of calls: what is safe, and what a power
// cut may lose. Nothing is safe that no fsync made so: the bytes of a file by an fsync of the
// file, its name by one of the folder. That is what POSIX promises; ext4 keeps more. A rename is
// made safe by an fsync of the folder that it goes to, and is never half done.
type Disk struct {
	now map[string]thing // by their names now, from the disk's root, which is "."
}

// thing is what a name stands for: one of the two.
type thing struct {
	file *inode
	dir  *folderState
}

// folderState is a folder's names.
type folderState struct {
	safe    map[string]thing
	pending []naming
}

// naming makes a name, or takes one away; a rename does both at once. Empty is nothing.
type naming struct {
	put, take string
	what      thing // that put names
}

// NewDisk is an empty disk.
func NewDisk() *Disk {
	return &Disk{now: map[string]thing{".": {dir: &folderState{safe: map[string]thing{}}}}}
}

// DiskOf is a disk with what dir has in it, all of it safe.
func DiskOf(dir string) (*Disk, error) {
	d := NewDisk()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		what := thing{dir: &folderState{safe: map[string]thing{}}}
		if !e.IsDir() {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			what = thing{file: &inode{safe: b, size: int64(len(b))}}
		}
		d.now[rel] = what
		d.now[filepath.Dir(rel)].dir.safe[rel] = what
		return nil
	})
	return d, err
}

// Do does what a call does. Calls that change nothing are allowed.
func (d *Disk) Do(c watch.Call) error {
	path, to := filepath.Clean(c.Path), filepath.Clean(c.To)
	at := d.now[path]
	switch c.Op {
	case watch.Open:
		switch {
		case c.Create && at == thing{}:
			return d.name(naming{put: path, what: thing{file: &inode{}}})
		case at.file != nil && c.Empty:
			at.file.truncate(0)
		}
	case watch.Write:
		if at.file != nil {
			at.file.write(c.At, c.Data)
		}
	case watch.Truncate:
		if at.file != nil {
			at.file.truncate(c.Size)
		}
	case watch.Sync:
		if at.file != nil {
			at.file.sync()
		} else if at.dir != nil {
			d.sync(at.dir)
		}
	case watch.Mkdir:
		if at == (thing{}) {
			return d.name(naming{put: path, what: thing{dir: &folderState{safe: map[string]thing{}}}})
		}
	case watch.Remove:
		if at != (thing{}) {
			return d.name(naming{take: path})
		}
	case watch.Rename, watch.Link:
		if at.file == nil {
			return fmt.Errorf("a %s of %s to %s is not modelled", c.Op, path, to)
		}
		n := naming{put: to, what: at}
		if c.Op == watch.Rename {
			n.take = path
		} else if d.now[to] != (thing{}) {
			return nil // it fails
		}
		return d.name(n)
	case watch.Other:
		return fmt.Errorf("a call on %q is not modelled", path)
	}
	return nil
}

// name changes names: now, and on the disk some time later.
func (d *Disk) name(n naming) error {
	in := n.put
	if in == "" {
		in = n.take
	}
	s := d.now[filepath.Dir(in)].dir
	if s == nil {
		return fmt.Errorf("%s is in a folder that was never made", in)
	}
	s.pending = append(s.pending, n)
	delete(d.now, n.take)
	if n.put != "" {
		d.now[n.put] = n.what
	}
	return nil
}

// sync makes the names of a folder safe, and what renames took from others.
func (d *Disk) sync(s *folderState) {
	for _, n := range s.pending {
		delete(s.safe, n.take)
		if n.put != "" {
			s.safe[n.put] = n.what
		}
		if from := d.now[filepath.Dir(n.take)].dir; n.take != "" && from != nil && from != s {
			delete(from.safe, n.take)
			from.pending = append(from.pending, naming{take: n.take})
		}
	}
	s.pending = nil
}

// Write writes into dir, which is empty, what is left after a cut.
func (d *Disk) Write(dir string, cut Cut, rnd *rand.Rand) error {
	names := map[string]thing{}
	d.left(d.now["."].dir, cut, rnd, names)
	written := map[*inode]string{}
	for _, name := range slices.Sorted(maps.Keys(names)) { // a folder comes before what is in it
		at, what := filepath.Join(dir, name), names[name]
		if _, err := os.Stat(filepath.Dir(at)); err != nil {
			continue // its folder is lost
		}
		var err error
		switch first := written[what.file]; {
		case what.dir != nil:
			err = os.Mkdir(at, 0o700)
		case first != "":
			err = os.Link(first, at)
		default:
			err = os.WriteFile(at, what.file.build(cut.kept(what.file.pending, rnd)), 0o600)
			written[what.file] = at
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// left puts into names what is left in a folder and in those below.
func (d *Disk) left(s *folderState, cut Cut, rnd *rand.Rand, names map[string]thing) {
	mine := maps.Clone(s.safe)
	for _, n := range cut.keptNames(s.pending, rnd) {
		delete(mine, n.take)
		delete(names, n.take)
		if n.put != "" {
			mine[n.put] = n.what
		}
	}
	maps.Copy(names, mine)
	for _, name := range slices.Sorted(maps.Keys(mine)) {
		if sub := mine[name].dir; sub != nil {
			d.left(sub, cut, rnd, names)
		}
	}
}
