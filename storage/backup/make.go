package backup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"linevault/storage/durable"
	"linevault/storage/keys"
	"linevault/storage/keys/journal"
	"linevault/storage/segment"
)

// Result is what a run did.
type Result struct {
	Files  int
	Bytes  int64 // of all files
	Copied int64 // of them in this run
	Left   []string
}

// maker is a run under way.
type maker struct {
	dir, folder string
	before      *Run // nil for the first
	second      bool // pass, in which before is the first
	run         Run
	result      Result
	progress    Progress
	done, total int64
}

const aboutBackups = `This folder is a backup of a Linevault store. Nothing in it can be heard or read without the
root key of that store, which is not here. Nothing in it is ever changed or removed by a
backup, save that what is found damaged is renamed; removing anything spoils the runs that name it.

    linevault restore --from THIS-FOLDER --data EMPTY-FOLDER --root ROOT-KEY-FILE

makes the store again.
`

// Make copies the store in dir to a folder: closed segments, key files, the keyring, the
// ledger and the accounts; not the root key, and not what belongs to the machine. It may run
// while the box does. What an earlier run copied, also one that was cut off, it does not copy
// again.
func Make(dir, folder string, now time.Time, progress Progress) (*Result, error) {
	return makeRun(dir, folder, "", now, progress)
}

// MakeWithRoot is Make, and copies the root key that opens this very run to a file, which must
// not be there yet, nor lie in the folder. Each destruction brings a new root key, so one that was
// copied at another time opens another run, if any.
func MakeWithRoot(dir, folder, root string, now time.Time, progress Progress) (*Result, error) {
	if err := mayHaveRoot(root, folder); err != nil {
		return nil, err
	}
	b, err := readRoot(dir)
	if err != nil {
		return nil, err
	}
	clear(b)
	return makeRun(dir, folder, root, now, progress)
}

func makeRun(dir, folder, root string, now time.Time, progress Progress) (*Result, error) {
	if within(folder, dir) || within(dir, folder) {
		return nil, fmt.Errorf("backup: %s and %s lie in each other: name a folder elsewhere, best on another disk", folder, dir)
	}
	runs, _, err := Runs(folder)
	if err != nil {
		return nil, err
	}
	m := &maker{dir: dir, folder: folder, progress: progress, run: Run{Format: Format, Number: 1}}
	if len(runs) > 0 {
		m.before = &runs[len(runs)-1]
		m.run.Number = m.before.Number + 1
	}
	if err := m.prepare(); err != nil {
		return nil, fmt.Errorf("backup to %s: %w", folder, err)
	}
	// What takes long is copied while the box goes on, and destroys. Then, while nothing is
	// destroyed and no key changes, what changed since is copied again: so keys, and what they
	// are of, are of one moment.
	began := time.Now()
	if err := m.pass(); err != nil {
		return nil, err
	}
	err = still(dir, func() error {
		m.again(now.Add(time.Since(began)))
		if err := m.pass(); err != nil {
			return err
		}
		b, err := m.run.encode()
		if err == nil {
			err = put(filepath.Join(folder, runsDir, m.run.Made.Format("20060102T150405.000000000Z")+".json"), b)
		}
		if err != nil {
			return fmt.Errorf("backup to %s: %w", folder, err)
		}
		if root == "" {
			return nil
		}
		return SaveRoot(dir, root, folder)
	})
	if err != nil {
		return nil, err
	}
	m.result.Left = m.run.Left
	return &m.result, nil
}

// still runs f while nothing is destroyed in the store and no key changes. It takes the locks in
// the order in which a destruction takes them.
func still(dir string, f func() error) error {
	unlock, err := journal.Lock(filepath.Join(dir, "destruction", "lock"))
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.EROFS): // nothing was ever destroyed, or can be
	case err != nil:
		return fmt.Errorf("backup of %s: %w", dir, err)
	default:
		defer unlock()
	}
	return keys.Still(dir, f)
}

// pass copies what there is. Segments come first: the keys of what is in them are on disk by then,
// and are copied after.
func (m *maker) pass() error {
	paths, err := m.list()
	if err != nil {
		return fmt.Errorf("backup of %s: %w", m.dir, err)
	}
	for _, path := range paths {
		if err := m.copy(path); err != nil {
			return fmt.Errorf("backup: %s: %w", path, err)
		}
	}
	slices.SortFunc(m.run.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return nil
}

// again has the next pass copy what changed since the last.
func (m *maker) again(made time.Time) {
	last := m.run
	m.before, m.second = &last, true
	m.run = Run{Format: Format, Number: last.Number, Made: made.UTC()}
	m.result = Result{Copied: m.result.Copied}
}

func within(path, folder string) bool {
	a, err1 := filepath.Abs(path)
	b, err2 := filepath.Abs(folder)
	rel, err3 := filepath.Rel(b, a)
	return err1 == nil && err2 == nil && err3 == nil && filepath.IsLocal(rel)
}

func (m *maker) prepare() error {
	for _, sub := range []string{"", blobsDir, runsDir} {
		if err := os.MkdirAll(filepath.Join(m.folder, sub), 0o700); err != nil {
			return err
		}
	}
	if _, err := os.Stat(filepath.Join(m.folder, readme)); errors.Is(err, fs.ErrNotExist) {
		return put(filepath.Join(m.folder, readme), []byte(aboutBackups))
	}
	return nil
}

// parts of a store that are copied, in this order, without locks and what is being made. The ring
// comes before the ledger, which must have all that the ring says it has.
var parts = []struct {
	folder string
	wanted func(name string) bool
}{
	{"segments", func(name string) bool { _, err := segment.ParseName(name); return err == nil }},
	{"quarantine", all},
	{"keys/parts", all},
	{"annotations", all},
	{"keys", secretless},
	{"ledger", func(name string) bool { return name == "entries" || name == "checkpoints" }}, // all else follows from them
	{"destruction", all}, // legal holds
	{"destruction/certificates", all},
	{"linetests", all}, // sealed certificates of tested lines
	{".", func(name string) bool { return name == "format" || name == "accounts.sealed" }},
}

func all(string) bool { return true }

// secretless keeps the root key out, under whatever name it is about to get its own.
func secretless(name string) bool { return !strings.HasPrefix(name, "root") }

// list is all paths to be copied.
func (m *maker) list() ([]string, error) {
	if _, err := os.Stat(filepath.Join(m.dir, "format")); err != nil {
		return nil, fmt.Errorf("this is no Linevault store: %w", err)
	}
	var paths []string
	for _, p := range parts {
		list, err := os.ReadDir(filepath.Join(m.dir, filepath.FromSlash(p.folder)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range list {
			info, err := e.Info()
			if err != nil || !info.Mode().IsRegular() || e.Name() == "lock" || strings.HasSuffix(e.Name(), durable.Suffix) || !p.wanted(e.Name()) {
				continue // gone meanwhile, or no file of ours
			}
			path := e.Name()
			if p.folder != "." {
				path = p.folder + "/" + path
			}
			paths = append(paths, path)
			if !m.second {
				m.total += info.Size()
			}
		}
	}
	return paths, nil
}

// copy copies one file, or what of it is new.
func (m *maker) copy(path string) error {
	f, err := os.OpenFile(filepath.Join(m.dir, filepath.FromSlash(path)), os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it expired, or was closed and written anew, meanwhile
	}
	if err != nil {
		return err
	}
	defer f.Close()
	if strings.HasPrefix(path, "segments/") {
		// The recorder holds what it writes; what is closed nobody changes.
		if err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB); errors.Is(err, unix.EWOULDBLOCK) {
			m.run.Left = append(m.run.Left, filepath.Base(path))
			return nil
		} else if err != nil {
			return err
		}
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	out := File{Path: path, Size: info.Size(), Mod: info.ModTime().UTC()}
	if b := m.before.find(path); b != nil && b.Size == out.Size && b.Mod.Equal(out.Mod) && !m.mayChangeUnseen(path) && m.has(b) {
		if !m.second {
			m.step(out.Size)
		}
		m.add(*b)
		return nil
	}
	if err := m.pieces(f, &out); err != nil {
		return err
	}
	m.add(out)
	return nil
}

// mayChangeUnseen reports whether a file is small and may have been replaced by one as long and,
// as a clock of milliseconds has it, as old: the keyring is.
func (m *maker) mayChangeUnseen(path string) bool {
	return m.second && strings.HasPrefix(path, "keys/") && !strings.HasPrefix(path, "keys/parts/")
}

func (m *maker) add(f File) {
	m.run.Files = append(m.run.Files, f)
	m.result.Files++
	m.result.Bytes += f.Size
}

func (m *maker) step(n int64) {
	m.done += n
	if m.progress != nil {
		m.progress(m.done, max(m.done, m.total))
	}
}

// has reports whether the folder has all blobs of a file, by name and size.
func (m *maker) has(f *File) bool {
	return !slices.ContainsFunc(f.Blobs, func(b Blob) bool { return !m.hasBlob(b) })
}

func (m *maker) hasBlob(b Blob) bool {
	if m.second {
		return true // it was just looked at, or written
	}
	info, err := os.Stat(blobPath(m.folder, b.SHA256))
	return err == nil && info.Size() == b.Size
}
