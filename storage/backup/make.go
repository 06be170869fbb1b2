package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"linevault/storage/durable"
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
	run         Run
	result      Result
	progress    Progress
	done, total int64
}

const aboutBackups = `This folder is a backup of a Linevault store. Nothing in it can be heard or read without the
root key of that store, which is not here. Nothing in it is ever changed or removed by a
backup; removing anything spoils the runs that name it.

    linevault restore --from THIS-FOLDER --data EMPTY-FOLDER --root ROOT-KEY-FILE

makes the store again.
`

// Make copies the store in dir to a folder: closed segments, key files, the keyring, the
// ledger and the accounts; not the root key, and not what belongs to the machine. It may run
// while the box does. What an earlier run copied, also one that was cut off, it does not copy
// again.
func Make(dir, folder string, now time.Time, progress Progress) (*Result, error) {
	if within(folder, dir) || within(dir, folder) {
		return nil, fmt.Errorf("backup: %s and %s lie in each other: name a folder elsewhere, best on another disk", folder, dir)
	}
	runs, _, err := Runs(folder)
	if err != nil {
		return nil, err
	}
	m := &maker{dir: dir, folder: folder, progress: progress, run: Run{Format: Format, Made: now.UTC()}}
	if len(runs) > 0 {
		m.before = &runs[len(runs)-1]
	}
	if err := m.prepare(); err != nil {
		return nil, fmt.Errorf("backup to %s: %w", folder, err)
	}
	// Segments first: the keys of what is in them are on disk by then, and are copied after.
	groups, err := m.list()
	if err != nil {
		return nil, fmt.Errorf("backup of %s: %w", dir, err)
	}
	for _, path := range groups {
		if err := m.copy(path); err != nil {
			return nil, fmt.Errorf("backup: %s: %w", path, err)
		}
	}
	slices.SortFunc(m.run.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	b, err := m.run.encode()
	if err == nil {
		err = put(filepath.Join(folder, runsDir, now.UTC().Format("20060102T150405.000000000Z")+".json"), b)
	}
	if err != nil {
		return nil, fmt.Errorf("backup to %s: %w", folder, err)
	}
	m.result.Left = m.run.Left
	return &m.result, nil
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
			m.total += info.Size()
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
	if b := m.before.find(path); b != nil && b.Size == out.Size && b.Mod.Equal(out.Mod) && m.has(b) {
		m.step(out.Size)
		m.add(*b)
		return nil
	}
	if err := m.pieces(f, &out); err != nil {
		return err
	}
	m.add(out)
	return nil
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
	for _, b := range f.Blobs {
		info, err := os.Stat(blobPath(m.folder, b.SHA256))
		if err != nil || info.Size() != b.Size {
			return false
		}
	}
	return true
}

// maxBlob bounds a blob, so that a run that is cut off has not far to go again.
const maxBlob = 64 << 20

// pieces makes the blobs of a file: those of the run before as far as they still hold, and
// new ones for the rest.
func (m *maker) pieces(f *os.File, out *File) error {
	whole := sha256.New()
	at := int64(0)
	if b := m.before.find(out.Path); b != nil && b.Size <= out.Size && m.has(b) {
		sum := sha256.New()
		if _, err := io.Copy(io.MultiWriter(sum, counter{m}), io.NewSectionReader(f, 0, b.Size)); err != nil {
			return err
		}
		if hex.EncodeToString(sum.Sum(nil)) == b.SHA256 {
			out.Blobs, at, whole = slices.Clone(b.Blobs), b.Size, sum
		} else {
			m.step(-b.Size)
		}
	}
	for at < out.Size {
		n := min(maxBlob, out.Size-at)
		b, err := m.blob(io.NewSectionReader(f, at, n), whole)
		if err != nil {
			return err
		}
		if b.Size != n {
			return errors.New("it became shorter while it was read; run the backup again")
		}
		out.Blobs = append(out.Blobs, b)
		at += n
	}
	out.SHA256 = hex.EncodeToString(whole.Sum(nil))
	return nil
}

// counter tells progress what goes by.
type counter struct{ m *maker }

func (c counter) Write(b []byte) (int, error) {
	c.m.step(int64(len(b)))
	return len(b), nil
}

// rootWords begin the file of a root key.
const rootWords = "linevault root key "

// blob copies what r gives into a blob, unless there is one of it already.
func (m *maker) blob(r *io.SectionReader, whole hash.Hash) (Blob, error) {
	head := make([]byte, len(rootWords))
	if n, _ := r.ReadAt(head, 0); string(head[:n]) == rootWords {
		return Blob{}, errors.New("this is a root key, and a root key is never copied to a backup: move the file elsewhere")
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(sum, whole, counter{m}), r)
	if err != nil {
		return Blob{}, err
	}
	b := Blob{SHA256: hex.EncodeToString(sum.Sum(nil)), Size: n}
	path := blobPath(m.folder, b.SHA256)
	if same, err := holds(path, b); same || err != nil {
		return b, err // of a run that was cut off, or of another file
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return b, err
	}
	err = putFrom(path, func(w io.Writer) error {
		again := sha256.New()
		if _, err := io.Copy(io.MultiWriter(w, again), io.NewSectionReader(r, 0, n)); err != nil {
			return err
		}
		if hex.EncodeToString(again.Sum(nil)) != b.SHA256 {
			return errors.New("it changed while it was read; run the backup again")
		}
		return nil
	})
	if err == nil {
		m.result.Copied += n
	}
	return b, err
}

// holds reports whether the blob at path is b, to the last byte.
func holds(path string, b Blob) (bool, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	return n == b.Size && hex.EncodeToString(sum.Sum(nil)) == b.SHA256, err
}
