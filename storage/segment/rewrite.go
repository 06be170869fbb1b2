package segment

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"

	"linevault/storage/durable"
)

// maxRewrite is the longest stream that Close writes again without free pages. Commits leave
// some 60 KiB of them, which is a tenth of a quiet line's day and nothing to a busy one's;
// bbolt holds all of a transaction in memory.
const maxRewrite = 8 << 20

// rewrite replaces a segment that is closed by a copy in order and without free pages. A crash
// leaves either of the two, or a temporary file besides.
func (w *Writer) rewrite() (err error) {
	temp := filepath.Join(w.dir, tempPrefix+w.Name.String())
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("segment %s: write again without free pages: %w", w.Name, err), removeIfThere(temp))
		}
	}()
	db, err := bolt.Open(temp, 0o600, &bolt.Options{
		Timeout: time.Second, PageSize: pageSize, FreelistType: bolt.FreelistMapType,
		InitialMmapSize: int(w.Size() + w.Size()/8 + 1<<20), NoStatistics: true,
	})
	if err != nil {
		return err
	}
	var used int64
	err = guard(func() error {
		err := w.db.View(func(from *bolt.Tx) error {
			return db.Update(func(to *bolt.Tx) error { return copyBuckets(from, to) })
		})
		if err != nil {
			return err
		}
		return db.View(func(tx *bolt.Tx) error { used = tx.Size(); return nil })
	})
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	if err := w.verifyCopy(temp, used); err != nil {
		return err
	}
	if err := os.Rename(temp, filepath.Join(w.dir, w.Name.String())); err != nil {
		return err
	}
	w.rewritten = true
	return durable.SyncFolder(w.dir)
}

// copyBuckets copies everything as it is but the stream, which is laid into as few runs as
// there can be.
func copyBuckets(from, to *bolt.Tx) error {
	for _, name := range [][]byte{metaBucket, partsBucket, boxesBucket, tailBucket} {
		if _, err := to.CreateBucket(name); err != nil {
			return err
		}
	}
	for _, name := range [][]byte{metaBucket, partsBucket} {
		copied := to.Bucket(name)
		copied.FillPercent = 1 // keys come in order
		if err := from.Bucket(name).ForEach(copied.Put); err != nil {
			return err
		}
	}
	s := stream{fragment: committed(from), length: tailOf(from.Bucket(tailBucket)).end()}
	var whole Writer
	for off := int64(0); off < s.length; {
		h, sealed, next, err := s.record(off)
		if err != nil {
			return fmt.Errorf("at byte %d: %w", off, err)
		}
		whole.Append(h, sealed)
		off = next
	}
	return whole.put(to)
}

// verifyCopy cuts the copy to what it uses, puts it on disk and reads it as any reader would.
func (w *Writer) verifyCopy(path string, used int64) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := errors.Join(f.Truncate(used), f.Sync()); err != nil {
		return err
	}
	r := &Reader{Name: w.Name}
	if err := r.open(f, used); err != nil {
		return err
	}
	if !r.Closed || r.Size() != w.Size() {
		return errors.New("the copy is not like the segment")
	}
	var errs []error
	r.Verify(func(err error) { errs = append(errs, err) })
	return errors.Join(errs...)
}
