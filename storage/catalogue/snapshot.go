package catalogue

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"linevault/storage/durable"
)

// The manifest says which blocks make up the catalogue: magic, then sealed the state, and of
// each block its name, its key, its outline and which of its contacts are gone. It is replaced
// whole. A block's key is nowhere else: who cannot open the manifest opens no block.
const (
	manifestName  = "manifest"
	manifestMagic = "linevault cat 1m"
)

// Save writes to disk what is not there yet, and with it state, which Load returns: how far the
// catalogue has come. After a crash at any moment Load finds this snapshot or the one before.
func (x *Index) Save(state []byte) error {
	x.saving.Lock()
	defer x.saving.Unlock()
	if err := x.save(state); err != nil {
		return fmt.Errorf("save the catalogue in %s: %w", x.folder, err)
	}
	return nil
}

func (x *Index) save(state []byte) error {
	if err := os.MkdirAll(x.folder, 0o700); err != nil {
		return err
	}
	x.mu.Lock()
	err := errors.Join(x.settle(), x.rewrite())
	blocks := slices.Clone(x.blocks)
	gone := make([][]uint16, len(blocks)) // as of now, as state is
	for i, b := range blocks {
		gone[i] = b.absent()
	}
	held := map[*block]heldRows{}
	for _, b := range blocks {
		if rows, ok := b.held(); ok {
			held[b], b.writing = rows, true
		}
	}
	x.mu.Unlock()
	for b, rows := range held {
		err = errors.Join(err, x.writeHeld(b, rows))
	}
	for _, b := range blocks {
		if !b.synced {
			serr := sync1(x.path(fileName(b.name)))
			b.synced = serr == nil
			err = errors.Join(err, serr)
		}
	}
	if err = errors.Join(err, durable.SyncFolder(x.folder)); err != nil {
		return err
	}
	manifest := encodeManifest(state, blocks, gone)
	aead, err := sealer(x.key)
	if err != nil {
		return err
	}
	sealed := aead.Seal([]byte(manifestMagic), nil, manifest, []byte(manifestMagic))
	if err := durable.Write(x.path(manifestName), sealed); err != nil {
		return err
	}
	return x.sweep(blocks)
}

// writeHeld writes a block while it may be searched, merged or discarded.
func (x *Index) writeHeld(b *block, held heldRows) error {
	rows, err := x.write(b, held)
	x.mu.Lock()
	defer x.mu.Unlock()
	b.writing = false
	switch {
	case err != nil:
		return err
	case slices.Contains(x.blocks, b):
		b.rows = rows
	default:
		rows.close()
	}
	return nil
}

// rewrite makes anew the blocks of which something is to vanish from the disk, and those of
// which much is gone. The caller holds mu.
func (x *Index) rewrite() error {
	var errs []error
	kept := x.blocks[:0]
	for _, b := range slices.Clone(x.blocks) {
		if !b.removed && b.goneN <= b.count/8 {
			kept = append(kept, b)
			continue
		}
		made, err := x.merge([]*block{b})
		if err != nil {
			errs = append(errs, err)
			kept = append(kept, b)
			continue
		}
		kept = append(kept, made...)
		x.discard(b)
	}
	x.blocks = kept
	x.sort()
	return errors.Join(errs...)
}

// sync1 fsyncs a file.
func sync1(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// sweep removes the files of blocks that are no more.
func (x *Index) sweep(saved []*block) error {
	list, err := os.ReadDir(x.folder)
	if err != nil {
		return err
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	wanted := map[string]bool{}
	for _, b := range slices.Concat(saved, x.blocks) {
		wanted[fileName(b.name)] = true
	}
	for _, e := range list {
		if strings.HasSuffix(e.Name(), blockSuffix) && !wanted[e.Name()] {
			err = errors.Join(err, os.Remove(x.path(e.Name())))
		}
	}
	return err
}

// outlineSize is how long a block is in the manifest, without what is gone of it.
const outlineSize = 16 + 32 + 16 + 16 + 4*8

func encodeManifest(state []byte, blocks []*block, gone [][]uint16) []byte {
	out := putBytes(nil, state)
	out = binary.AppendUvarint(out, uint64(len(blocks)))
	for i, b := range blocks {
		for _, field := range [][]byte{b.name[:], b.key[:], b.oldest[:], b.newest[:]} {
			out = append(out, field...)
		}
		for _, n := range []int64{int64(b.count), b.first, b.last, b.size} {
			out = binary.LittleEndian.AppendUint64(out, uint64(n))
		}
		out = put(out, gone[i])
	}
	return out
}

// absent is which of its contacts are gone.
func (b *block) absent() (gone []uint16) {
	if b.gone != nil {
		b.gone.each(func(i uint16) bool { gone = append(gone, i); return true })
	}
	return gone
}

// eager is how many of the newest blocks Load reads at once.
const eager = 2

func decodeManifest(data []byte) (state []byte, blocks []*block, err error) {
	d := &decoder{b: data}
	state = d.bytes()
	for range d.count(outlineSize) {
		b := &block{synced: true, saved: true}
		if len(d.b) < outlineSize {
			return nil, nil, ErrDamaged
		}
		for _, to := range [][]byte{b.name[:], b.key[:], b.oldest[:], b.newest[:]} {
			d.b = d.b[copy(to, d.b):]
		}
		var numbers [4]int64
		for i := range numbers {
			numbers[i] = int64(binary.LittleEndian.Uint64(d.b))
			d.b = d.b[8:]
		}
		b.first, b.last, b.size = numbers[1], numbers[2], numbers[3]
		if numbers[0] < 1 || numbers[0] > blockMax || b.newest.Compare(b.oldest) < 0 {
			return nil, nil, ErrDamaged
		}
		b.count = int(numbers[0])
		if err := b.leave(take[uint16](d)); err != nil {
			return nil, nil, err
		}
		blocks = append(blocks, b)
	}
	if d.fail || len(d.b) > 0 {
		return nil, nil, ErrDamaged
	}
	return state, blocks, nil
}

// Load reads the snapshot in folder. Whatever is wrong with it, the index is to be made anew:
// the error is fs.ErrNotExist where there is none. Blocks are read when a query wants them; one
// that is damaged makes what wants it fail with ErrDamaged.
func Load(folder string, key [32]byte) (x *Index, state []byte, err error) {
	x = New(folder, key)
	b, err := os.ReadFile(filepath.Join(folder, manifestName))
	if err != nil {
		return nil, nil, fmt.Errorf("catalogue: %w", err)
	}
	aead, err := sealer(key)
	if err != nil {
		return nil, nil, err
	}
	sealed, ok := strings.CutPrefix(string(b), manifestMagic)
	if !ok {
		return nil, nil, fmt.Errorf("catalogue in %s: %w", folder, ErrDamaged)
	}
	plain, err := aead.Open(nil, nil, []byte(sealed), []byte(manifestMagic))
	if err != nil {
		return nil, nil, fmt.Errorf("catalogue in %s: %w", folder, ErrDamaged)
	}
	state, x.blocks, err = decodeManifest(plain)
	if err == nil {
		err = x.look()
	}
	if err != nil {
		x.Close()
		return nil, nil, fmt.Errorf("catalogue in %s: %w", folder, err)
	}
	return x, state, nil
}

// look sees that the files are there, as long as they were, and reads the newest blocks.
func (x *Index) look() error {
	x.sort()
	for i, b := range x.blocks {
		stat, err := os.Stat(filepath.Join(x.from, fileName(b.name)))
		if err != nil || stat.Size() != b.size {
			return ErrDamaged
		}
		if x.live += b.live(); i < eager {
			if err := b.ready(x); err != nil {
				return err
			}
		}
	}
	return nil
}

// ReadRest has the other blocks read meanwhile, so many at a time.
func (x *Index) ReadRest(atOnce int) {
	x.mu.RLock()
	blocks := slices.Clone(x.blocks)
	x.mu.RUnlock()
	var next atomic.Int64
	for range atOnce {
		x.loading.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				select {
				case <-x.closing:
					return
				default:
				}
				if i >= len(blocks) {
					return
				}
				_ = blocks[i].ready(x) // who wants it is told
			}
		})
	}
}

// Loaded waits until all blocks are in memory, after ReadRest.
func (x *Index) Loaded() { x.loading.Wait() }

// leave takes out what is gone.
func (b *block) leave(gone []uint16) error {
	for _, i := range gone {
		if int(i) >= b.count || b.gone != nil && b.gone.has(i) {
			return ErrDamaged
		}
		b.drop(int(i))
	}
	return nil
}
