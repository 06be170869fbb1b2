// Package cutdisk is a disk with a volatile cache and a power switch. It speaks NBD, so that a
// virtual machine has it as its own. What is written stays in the cache until a flush; when the
// power goes, some of it has reached the medium, sector by sector, and the rest is gone.
package cutdisk

import (
	"errors"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"sync"
)

// sector is what the disk writes whole.
const sector = 512

// Disk is such a disk, on a file as its medium.
type Disk struct {
	medium *os.File
	size   int64

	mu    sync.Mutex       // guards what follows
	cache map[int64][]byte // sectors that no flush has written
	off   bool
	wrong error // of the medium: the test is then worth nothing
	left  int   // writes until the power goes, where cut is not nil
	cut   func()
}

// Open makes a disk of a file, whose length is the disk's.
func Open(path string) (*Disk, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Disk{medium: f, size: info.Size(), cache: map[int64][]byte{}}, nil
}

// Close closes the file, and says whether it failed meanwhile.
func (d *Disk) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return errors.Join(d.wrong, d.medium.Close())
}

// Serve lets the machines that connect use the disk, until the listener is closed.
func (d *Disk) Serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			_ = d.serve(c) // a machine whose power goes ends in the middle of a word
		}()
	}
}

// Cut lets the power go in so many writes from now, and calls then when it has. From then on the
// disk answers nothing, so that no machine takes for safe what is lost. Of the sectors in the
// cache each one has reached the medium with these odds.
func (d *Disk) Cut(writes int, rnd *rand.Rand, odds float64, then func(kept, lost int)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.left = writes
	d.cut = func() {
		d.off = true
		kept, lost := d.lose(rnd, odds)
		go then(kept, lost)
	}
}

// lose writes some of the cache and forgets the rest. The caller holds mu.
func (d *Disk) lose(rnd *rand.Rand, odds float64) (kept, lost int) {
	for _, n := range slices.Sorted(maps.Keys(d.cache)) {
		if rnd.Float64() < odds {
			d.put(d.cache[n], n*sector)
			kept++
		} else {
			lost++
		}
	}
	clear(d.cache)
	return kept, lost
}

// put writes to the medium. The caller holds mu.
func (d *Disk) put(b []byte, at int64) {
	if _, err := d.medium.WriteAt(b, at); err != nil && d.wrong == nil {
		d.wrong = err
	}
}

func (d *Disk) read(b []byte, at int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, err := d.medium.ReadAt(b, at); err != nil && d.wrong == nil {
		d.wrong = err
	}
	for n := int64(0); n < int64(len(b)); n += sector {
		if c := d.cache[(at+n)/sector]; c != nil {
			copy(b[n:], c)
		}
	}
}

// write puts whole sectors into the cache, or onto the medium where the machine asks for that.
// It reports whether the disk has power still.
func (d *Disk) write(b []byte, at int64, through bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off {
		return false
	}
	for n := int64(0); n < int64(len(b)); n += sector {
		s := (at + n) / sector
		if through {
			d.put(b[n:n+sector], at+n)
			delete(d.cache, s)
		} else {
			d.cache[s] = slices.Clone(b[n : n+sector])
		}
	}
	if d.left--; d.left == 0 && d.cut != nil {
		d.cut()
	}
	return !d.off
}

// flush writes the cache, and reports whether the disk had the power for it.
func (d *Disk) flush() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off {
		return false
	}
	for n, b := range d.cache {
		d.put(b, n*sector)
	}
	clear(d.cache)
	return true
}
