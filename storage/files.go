package storage

import (
	"path/filepath"
	"sync"

	"linevault/storage/segment"
)

// maxOpen is how many segments a reader keeps open: opening one takes some 50 µs.
const maxOpen = 32

// files lends open segments.
type files struct {
	dir string // of the segments

	mu   sync.Mutex // guards what follows
	open map[string]*openFile
	tick uint64
}

type openFile struct {
	r     *segment.Reader
	users int
	used  uint64
}

func newFiles(dir string) *files {
	return &files{dir: filepath.Join(dir, segmentsDir), open: map[string]*openFile{}}
}

// use calls f with a segment, open while f runs.
func (fs *files) use(name string, f func(*segment.Reader) error) error {
	o, err := fs.get(name)
	if err != nil {
		return err
	}
	defer func() {
		fs.mu.Lock()
		defer fs.mu.Unlock()
		o.users--
	}()
	return f(o.r)
}

func (fs *files) get(name string) (*openFile, error) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	o := fs.open[name]
	if o == nil {
		r, err := segment.Open(fs.dir, name)
		if err != nil {
			return nil, err
		}
		fs.trim()
		o = &openFile{r: r}
		fs.open[name] = o
	}
	fs.tick++
	o.users, o.used = o.users+1, fs.tick
	return o, nil
}

// trim closes the segment that was not used for longest, if there are too many.
func (fs *files) trim() {
	if len(fs.open) < maxOpen {
		return
	}
	oldest := ""
	for name, o := range fs.open {
		if o.users == 0 && (oldest == "" || o.used < fs.open[oldest].used) {
			oldest = name
		}
	}
	if oldest != "" {
		fs.drop(oldest)
	}
}

// drop closes a segment that nobody uses. The caller holds mu.
func (fs *files) drop(name string) {
	if o := fs.open[name]; o != nil && o.users == 0 {
		_ = o.r.Close() // it was only read
		delete(fs.open, name)
	}
}

// gone closes a segment whose file is not there any more.
func (fs *files) gone(name string) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	fs.drop(name)
}

func (fs *files) close() {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	for name := range fs.open {
		fs.drop(name)
	}
}
