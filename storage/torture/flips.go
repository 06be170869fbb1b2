package torture

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"linevault/storage"
)

// Flipper flips bits in a store that is whole, one at a time, and puts them back.
type Flipper struct {
	dir   string
	a     *Acked
	files []flipFile
	total int64
}

type flipFile struct {
	path  string
	whole []byte
}

// NewFlipper flips bits in the files of the store in dir, of which a says what is in it.
func NewFlipper(dir string, a *Acked) (*Flipper, error) {
	f := &Flipper{dir: dir, a: a}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Ext(path) == ".lock" {
			return err
		}
		b, err := os.ReadFile(path)
		if len(b) == 0 {
			return err
		}
		f.files = append(f.files, flipFile{path, b})
		f.total += int64(len(b))
		return err
	})
	return f, err
}

// Flip flips a bit, plays what there is and sees that the check tells of what does not play.
// For a bit in what a recorder reads, one starts there, too.
func (f *Flipper) Flip(seed uint64) (l Loss, err error) {
	rnd := rand.New(rand.NewPCG(seed, 11))
	file := f.choose(rnd)
	b := bytes.Clone(file.whole)
	at := rnd.IntN(len(b))
	if seed%2 == 0 {
		at = min(at/4096*4096+rnd.IntN(48), len(b)-1) // the heads of pages, where a flip goes far
	}
	b[at] ^= 1 << rnd.IntN(8)
	if err := os.WriteFile(file.path, b, 0o600); err != nil {
		return l, err
	}
	found := f.a.Play(f.dir, storage.Paused)
	l.Bytes = found.Bytes
	if len(found.Told) > 0 {
		report, err := storage.Check(f.dir, nil, storage.CheckOptions{})
		if err == nil && report.OK() {
			l.tell("%s, byte %d: the check finds nothing wrong and %s", filepath.Base(file.path), at, found.summary())
		}
	}
	rel, err := filepath.Rel(f.dir, file.path)
	if err != nil {
		return l, err
	}
	if recorderReads(rel) {
		l.add(f.recordOn(rel, at))
	}
	return l, os.WriteFile(file.path, file.whole, 0o600)
}

// choose chooses a file, each as often as another: the small ones matter most.
func (f *Flipper) choose(rnd *rand.Rand) flipFile { return f.files[rnd.IntN(len(f.files))] }

func recorderReads(rel string) bool {
	return rel == "format" || rel == filepath.Join("keys", "public") || strings.HasPrefix(rel, filepath.Join("keys", "parts"))
}

// recordOn has a recorder record in a copy of the store. It may refuse to start, with a
// sentence; a recorder that runs does not read these files again.
func (f *Flipper) recordOn(rel string, at int) (l Loss) {
	dir, err := os.MkdirTemp(filepath.Dir(f.dir), "flip")
	if err != nil {
		l.tell("%v", err)
		return l
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, os.DirFS(f.dir)); err != nil {
		l.tell("%v", err)
		return l
	}
	if err := onlyOwner(dir); err != nil {
		l.tell("%v", err)
		return l
	}
	var said strings.Builder
	if err := Record(dir, Plan{Lines: 1, Seconds: 1, Seed: 1, Segment: 1 << 20}, &said); err != nil {
		if rel != "format" { // a store of another version is not ours to write
			l.Dead++
			l.tell("%s, byte %d: the recorder: %v", rel, at, err)
		}
		return l
	}
	a := &Acked{}
	if err := a.Hear(said.String()); err != nil {
		l.tell("%v", err)
		return l
	}
	found := a.Play(dir, storage.Paused)
	found.name(fmt.Sprintf("%s, byte %d, recorded after", rel, at))
	l.add(found)
	return l
}

// onlyOwner takes away from others what a copy gave them.
func onlyOwner(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o600)
	})
}
