package account

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"linevault/storage"
	"linevault/storage/durable"
	"linevault/storage/keys/journal"
)

// file is one file of notes. While its book may write to it, it is locked.
type file struct {
	*os.File
	day   string
	size  int
	open  int  // calls that are not settled
	last  bool // no call will begin in it
	calls map[[2]string]int
}

const (
	fullAt  = 256 << 10 // then calls begin in a new file
	reserve = 320 << 10 // of disk, so that notes have room when recordings do not
)

// suffix of the name of a file of notes.
const suffix = ".calls"

// newFile makes an empty file, under its name only once it is locked.
func newFile(dir string, now time.Time) (*file, error) {
	name := filepath.Join(Folder(dir), string(storage.NewCallID(now)))
	f, err := os.OpenFile(name+".new", os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	// Some file systems cannot reserve room; then a full disk delays the notes.
	_ = unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, reserve)
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		err = os.Rename(name+".new", name+suffix)
	}
	if err == nil {
		err = durable.SyncFolder(Folder(dir))
	}
	if err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(name+".new"))
	}
	return &file{File: f, day: DayOf(now), calls: map[[2]string]int{}}, nil
}

// tidy removes what was left of a file that was being made.
func tidy(dir string) error {
	names, err := filepath.Glob(filepath.Join(Folder(dir), "*.new"))
	for _, name := range names {
		err = errors.Join(err, os.Remove(name))
	}
	return err
}

// count is the number of a line's next call of a day.
func (f *file) count(line, day string) int {
	f.calls[[2]string{line, day}]++
	return f.calls[[2]string{line, day}]
}

// again is after how long a write that failed is tried again.
const again = time.Second

// write writes what is queued, in order, until the book is closed.
func (b *Book) write() {
	for {
		b.mu.Lock()
		for len(b.queue) == 0 && !b.ended {
			b.wake.Wait()
		}
		work, ended := b.queue, b.ended
		b.queue = nil
		b.mu.Unlock()
		err := put(&work)
		b.problem(err)
		if err == nil && ended {
			return
		}
		if err != nil {
			if ended {
				return // what could not be written now never will be
			}
			b.mu.Lock()
			b.queue = append(work, b.queue...)
			b.mu.Unlock()
			time.Sleep(again)
		}
	}
}

// put writes work and syncs it, and leaves in it what could not be written.
func put(work *[]queued) error {
	var last *file
	for len(*work) > 0 {
		q := (*work)[0]
		if last != nil && last != q.in {
			if err := last.Sync(); err != nil {
				return err
			}
		}
		last = q.in
		if q.data == nil {
			if err := errors.Join(last.Sync(), last.Close()); err != nil {
				return err
			}
			last = nil
		} else if _, err := last.Write(q.data); err != nil {
			return err // what was torn is stepped over
		}
		*work = (*work)[1:]
	}
	if last == nil {
		return nil
	}
	return last.Sync()
}

// Notes is what a file of notes says.
type Notes struct {
	Book  string // the file's name
	Open  bool   // its recorder lives, and may write more
	Notes []Note
}

// Read reads all files of notes of a data folder, oldest first.
func Read(dir string) ([]Notes, error) {
	names, err := filepath.Glob(filepath.Join(Folder(dir), "*"+suffix))
	if err != nil {
		return nil, err
	}
	var all []Notes
	for _, name := range names {
		n, err := read(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // done with meanwhile
		}
		if err != nil {
			return nil, err
		}
		all = append(all, n)
	}
	return all, nil
}

func read(name string) (Notes, error) {
	n := Notes{Book: filepath.Base(name[:len(name)-len(suffix)])}
	f, err := os.Open(name)
	if err != nil {
		return n, err
	}
	defer f.Close()
	// First, so that what a dead recorder wrote last is read.
	switch err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB); {
	case errors.Is(err, unix.EWOULDBLOCK):
		n.Open = true
	case err != nil:
		return n, err
	}
	info, err := f.Stat()
	if err != nil {
		return n, err
	}
	_, err = journal.Scan(f, 0, info.Size(), func(_ int64, payload []byte) error {
		note, err := ParseNote(payload)
		if err == nil { // else a newer recorder's: it will be entered by a newer desk
			n.Notes = append(n.Notes, note)
		}
		return nil
	})
	return n, err
}

// Forget removes a file of notes, all of which are in the ledger.
func Forget(dir, book string) error {
	err := os.Remove(filepath.Join(Folder(dir), book+suffix))
	return errors.Join(err, durable.SyncFolder(Folder(dir)))
}
