package catalogue

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
)

// The manifest says which blocks make up the catalogue: magic, then sealed the state, and of
// each block its name and which of its contacts are gone. It is replaced whole.
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
	manifest := encodeManifest(state, blocks)
	held := map[*block]heldRows{}
	for _, b := range blocks {
		if rows, ok := b.rows.(heldRows); ok {
			held[b], b.writing = rows, true
		}
	}
	x.mu.Unlock()
	for b, rows := range held {
		err = errors.Join(err, x.writeHeld(b, rows))
	}
	for _, b := range blocks {
		err = errors.Join(err, sync1(x.path(fileName(b.name))))
	}
	if err = errors.Join(err, sync1(x.folder)); err != nil {
		return err
	}
	aead, err := sealer(x.key, nil, "manifest")
	if err != nil {
		return err
	}
	sealed := aead.Seal([]byte(manifestMagic), nil, manifest, []byte(manifestMagic))
	path := x.path(manifestName)
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(sealed)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path+".new"))
	}
	if err = errors.Join(os.Rename(path+".new", path), sync1(x.folder)); err != nil {
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
		if !b.removed && b.goneN <= len(b.ids)/8 {
			kept = append(kept, b)
			continue
		}
		made, err := merge([]*block{b})
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

// sync1 fsyncs a file or a folder.
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

func encodeManifest(state []byte, blocks []*block) []byte {
	out := putBytes(nil, state)
	out = binary.AppendUvarint(out, uint64(len(blocks)))
	for _, b := range blocks {
		out = append(out, b.name[:]...)
		var gone []uint16
		if b.gone != nil {
			b.gone.each(func(i uint16) bool { gone = append(gone, i); return true })
		}
		out = put(out, gone)
	}
	return out
}

// listed is a block in a manifest.
type listed struct {
	name [16]byte
	gone []uint16
}

func decodeManifest(data []byte) (state []byte, blocks []listed, err error) {
	d := &decoder{b: data}
	state = d.bytes()
	for range d.count(17) {
		var l listed
		if len(d.b) < len(l.name) {
			return nil, nil, ErrDamaged
		}
		d.b = d.b[copy(l.name[:], d.b):]
		l.gone = take[uint16](d)
		blocks = append(blocks, l)
	}
	if d.fail || len(d.b) > 0 {
		return nil, nil, ErrDamaged
	}
	return state, blocks, nil
}

// Load reads the snapshot in folder. Whatever is wrong with it, the index is to be made anew:
// the error is fs.ErrNotExist where there is none.
func Load(folder string, key [32]byte) (x *Index, state []byte, err error) {
	x = New(folder, key)
	b, err := os.ReadFile(filepath.Join(folder, manifestName))
	if err != nil {
		return nil, nil, fmt.Errorf("catalogue: %w", err)
	}
	aead, err := sealer(key, nil, "manifest")
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
	state, list, err := decodeManifest(plain)
	if err == nil {
		err = x.readAll(list)
	}
	if err != nil {
		x.Close()
		if errors.Is(err, fs.ErrNotExist) {
			err = ErrDamaged // a manifest without a block of its
		}
		return nil, nil, fmt.Errorf("catalogue in %s: %w", folder, err)
	}
	x.sort()
	return x, state, nil
}

// readAll reads blocks, as many at a time as there are cores.
func (x *Index) readAll(list []listed) error {
	read, errs := make([]*block, len(list)), make([]error, len(list))
	next := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			var scratch []byte
			for i := range next {
				if read[i], errs[i] = x.read(list[i].name, &scratch); errs[i] == nil {
					errs[i] = read[i].leave(list[i].gone)
				}
			}
		})
	}
	for i := range list {
		next <- i
	}
	close(next)
	workers.Wait()
	for _, b := range read {
		if b != nil {
			x.blocks = append(x.blocks, b)
			x.live += b.live()
		}
	}
	return errors.Join(errs...)
}

// leave takes out what is gone.
func (b *block) leave(gone []uint16) error {
	for _, i := range gone {
		if int(i) >= len(b.ids) || b.gone != nil && b.gone.has(i) {
			return ErrDamaged
		}
		b.drop(int(i))
	}
	return nil
}
