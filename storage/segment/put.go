package segment

import (
	"bytes"
	"encoding/binary"
	"maps"
	"slices"

	bolt "go.etcd.io/bbolt"

	"linevault/storage/seal"
)

// minRun is how many pages of the stream wait in the tail for the run that they become.
const minRun = 2

// put writes the pending stream in one transaction: what fills pages as runs, each by one call,
// and the rest as the tail.
func (w *Writer) put(tx *bolt.Tx) error {
	// The values must live until the transaction ends.
	if n := len(w.pending) + (len(w.pending)/body+len(w.pending)/runLength(maxRun)+2)*markSize; cap(w.value) < n {
		w.value = make([]byte, 0, n+n/4)
	}
	value, starts, at := w.value[:0], w.starts, 0
	boxes := tx.Bucket(boxesBucket)
	boxes.FillPercent = 1 // keys only ever grow
	for {
		pages := pagesFor(len(w.pending) - at)
		if pages < minRun {
			break
		}
		end, from := at+runLength(pages), len(value)
		value, starts = lay(value, w.pending, at, end, starts)
		if err := putRun(boxes, w.base+int64(at), int64(end-at), value[from:len(value):len(value)]); err != nil {
			return err
		}
		at = end
	}
	w.inRuns = at
	from := len(value)
	value, _ = lay(value, w.pending, at, len(w.pending), starts)
	tail := tx.Bucket(tailBucket)
	if err := tail.SetSequence(uint64(w.base + int64(at))); err != nil {
		return err
	}
	return tail.Put(tailKey, value[from:])
}

// putRun stores a run as a bucket of its own with the one key, which bbolt does not keep in its
// parent's page from a quarter of a page on: so it gets pages of its own, and stays in them.
func putRun(boxes *bolt.Bucket, start, length int64, value []byte) error {
	var key [keySize]byte
	binary.BigEndian.PutUint64(key[:], uint64(start))
	run, err := boxes.CreateBucket(key[:])
	if err != nil {
		return err
	}
	if err := run.SetSequence(uint64(length)); err != nil {
		return err
	}
	return run.Put(key[:], value)
}

// keepTail drops what is in runs now.
func (w *Writer) keepTail() {
	starts := w.starts[:0]
	for _, s := range w.starts {
		if s >= w.inRuns {
			starts = append(starts, s-w.inRuns)
		}
	}
	w.starts = starts
	w.base += int64(w.inRuns)
	w.pending = w.pending[:copy(w.pending, w.pending[w.inRuns:])]
	w.saved = len(w.pending)
}

// finish writes the entries of all parts, in order so that they fill their pages, and notes
// that they are there.
func (w *Writer) finish(tx *bolt.Tx) error {
	parts := tx.Bucket(partsBucket)
	parts.FillPercent = 1
	ids := slices.SortedFunc(maps.Keys(w.entries), func(a, b seal.PartID) int { return bytes.Compare(a[:], b[:]) })
	for _, id := range ids {
		if err := parts.Put(id[:], w.entries[id]); err != nil {
			return err
		}
	}
	return tx.Bucket(metaBucket).Put(keyClosed, []byte{1})
}

// committed finds fragments through bbolt, as far as the stream is committed.
func committed(tx *bolt.Tx) func(off int64) (fragment, error) {
	boxes, tail := tx.Bucket(boxesBucket), tx.Bucket(tailBucket)
	last := tailOf(tail)
	c := boxes.Cursor()
	return func(off int64) (fragment, error) {
		if off >= last.start {
			return last.fragment(off)
		}
		var key [keySize]byte
		binary.BigEndian.PutUint64(key[:], uint64(off))
		k, _ := c.Seek(key[:])
		switch {
		case k == nil:
			k, _ = c.Last()
		case !bytes.Equal(k, key[:]):
			k, _ = c.Prev()
		}
		if k == nil {
			return fragment{next: off + 1}, errMissing
		}
		run := boxes.Bucket(k)
		start, length := int64(binary.BigEndian.Uint64(k)), int64(run.Sequence())
		if off >= start+length {
			return fragment{next: off + 1}, errMissing
		}
		return cutFragment(run.Get(k), start, length, off)
	}
}

// tailOf reads the tail through bbolt.
func tailOf(b *bolt.Bucket) *tail {
	return &tail{start: int64(b.Sequence()), said: b.Sequence(), value: b.Get(tailKey)}
}
