package torture

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"

	"linevault/storage/torture/watch"
)

// Disk is what a disk with a cache holds after a run of calls: what is safe, and what a power
// cut may lose. Nothing is safe that no fsync made so: the bytes of a file by an fsync of the
// file, its name by one of the folder. That is what POSIX promises; ext4 keeps more.
type Disk struct {
	files   map[string]*inode // by their names now
	folders map[string]*folderState
}

// inode is a file's content.
type inode struct {
	safe    []byte
	pending []change // since it was last made safe
	size    int64    // now
}

// change is a write, or a change of length where data is nil.
type change struct {
	at   int64
	data []byte
}

// folderState is a folder's names.
type folderState struct {
	safe    map[string]*inode
	pending []naming
}

// naming makes a name, or takes one away; a rename does both at once.
type naming struct {
	put, take string // paths; empty for nothing
	file      *inode // that put names; nil for a folder
}

// sector is what a disk writes whole.
const sector = 512

// NewDisk is an empty disk.
func NewDisk() *Disk {
	d := &Disk{files: map[string]*inode{}, folders: map[string]*folderState{}}
	d.folders["."] = &folderState{safe: map[string]*inode{}}
	return d
}

// Do does what a call does. Calls that change nothing are allowed.
func (d *Disk) Do(c watch.Call) error {
	path := filepath.Clean(c.Path)
	switch c.Op {
	case watch.Open:
		if c.Create && d.files[path] == nil && d.folders[path] == nil {
			f := &inode{}
			d.files[path] = f
			return d.name(path, naming{put: path, file: f})
		}
		if f := d.files[path]; f != nil && c.Empty {
			f.truncate(0)
		}
	case watch.Write:
		if f := d.files[path]; f != nil {
			at := c.At
			if at == watch.Append {
				at = f.size
			}
			f.pending = append(f.pending, change{at: at, data: c.Data})
			f.size = max(f.size, at+int64(len(c.Data)))
		}
	case watch.Truncate:
		if f := d.files[path]; f != nil {
			f.truncate(c.Size)
		}
	case watch.Sync:
		if f := d.files[path]; f != nil {
			f.safe, f.pending = f.build(f.pending), nil
		} else if s := d.folders[path]; s != nil {
			s.safe, s.pending = s.names(s.pending), nil
		}
	case watch.Mkdir:
		if d.folders[path] == nil {
			d.folders[path] = &folderState{safe: map[string]*inode{}}
			return d.name(path, naming{put: path})
		}
	case watch.Remove:
		if d.files[path] != nil {
			delete(d.files, path)
			return d.name(path, naming{take: path})
		}
	case watch.Rename:
		to := filepath.Clean(c.To)
		f := d.files[path]
		if f == nil || filepath.Dir(to) != filepath.Dir(path) {
			return fmt.Errorf("a rename of %s to %s is not modelled", path, to)
		}
		delete(d.files, path)
		d.files[to] = f
		return d.name(path, naming{put: to, take: path, file: f})
	case watch.Other:
		return fmt.Errorf("a call on %q is not modelled", path)
	}
	return nil
}

func (d *Disk) name(path string, n naming) error {
	s := d.folders[filepath.Dir(path)]
	if s == nil {
		return fmt.Errorf("%s is in a folder that was never made", path)
	}
	s.pending = append(s.pending, n)
	return nil
}

func (f *inode) truncate(size int64) {
	f.pending = append(f.pending, change{at: size})
	f.size = size
}

// build is the file's content once these changes are on the disk.
func (f *inode) build(changes []change) []byte {
	b := slices.Clone(f.safe)
	for _, c := range changes {
		end := c.at + int64(len(c.data))
		if c.data == nil && end < int64(len(b)) {
			b = b[:end]
		}
		if grow := end - int64(len(b)); grow > 0 {
			b = append(b, make([]byte, grow)...)
		}
		copy(b[c.at:], c.data)
	}
	return b
}

// names is the folder's names once these are on the disk.
func (s *folderState) names(list []naming) map[string]*inode {
	m := maps.Clone(s.safe)
	for _, n := range list {
		delete(m, n.take)
		if n.put != "" {
			m[n.put] = n.file
		}
	}
	return m
}

// Cut is how a power cut treats what was not made safe.
type Cut string

// The cuts there are. Some and Torn are at random.
const (
	Nothing    Cut = "nothing of it is kept"
	Everything Cut = "all of it is kept"
	Some       Cut = "some writes are kept, in any order"
	Torn       Cut = "of some writes some sectors are kept"
)

// Cuts lists them.
var Cuts = []Cut{Nothing, Everything, Some, Torn}

// Write writes into dir, which is empty, what is left after a cut.
func (d *Disk) Write(dir string, cut Cut, rnd *rand.Rand) error {
	// A folder whose own name was lost is not there, nor what is in it.
	var visit func(path string) error
	visit = func(path string) error {
		s := d.folders[path]
		names := s.names(cut.keptNames(s.pending, rnd))
		for _, name := range sorted(names) {
			at := filepath.Join(dir, name)
			if f := names[name]; f != nil {
				if err := os.WriteFile(at, f.build(cut.kept(f.pending, rnd)), 0o600); err != nil {
					return err
				}
				continue
			}
			if err := os.Mkdir(at, 0o700); err != nil {
				return err
			}
			if err := visit(name); err != nil {
				return err
			}
		}
		return nil
	}
	return visit(".")
}

func sorted(m map[string]*inode) []string {
	return slices.Sorted(maps.Keys(m))
}

// keptNames are those that outlive the cut: a file system writes the names of a folder in order.
func (c Cut) keptNames(list []naming, rnd *rand.Rand) []naming {
	switch c {
	case Nothing:
		return nil
	case Everything:
		return list
	}
	return list[:rnd.IntN(len(list)+1)]
}

// kept are the changes of a file that outlive the cut.
func (c Cut) kept(list []change, rnd *rand.Rand) (kept []change) {
	switch c {
	case Nothing:
		return nil
	case Everything:
		return list
	}
	odds := rnd.Float64()
	for _, x := range list {
		switch {
		case c == Torn && x.data != nil:
			kept = append(kept, x.sectors(odds, rnd)...)
		case rnd.Float64() < odds:
			kept = append(kept, x)
		}
	}
	return kept
}

// sectors are those of a write that outlive the cut.
func (x change) sectors(odds float64, rnd *rand.Rand) (kept []change) {
	for from := x.at; from < x.at+int64(len(x.data)); {
		to := min((from/sector+1)*sector, x.at+int64(len(x.data)))
		if rnd.Float64() < odds {
			kept = append(kept, change{at: from, data: x.data[from-x.at : to-x.at]})
		}
		from = to
	}
	return kept
}
