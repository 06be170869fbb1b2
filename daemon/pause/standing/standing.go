// Package standing keeps on disk who asks for a pause, so that a recorder that is started
// again, after a crash or a power cut, pauses from its first sample.
package standing

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Pause is one that somebody asks for now. Names are not readable on disk: Line and By are
// what the book's Opaque makes of them.
type Pause struct {
	Line  string    `json:"line"`
	By    string    `json:"by"`
	Until time.Time `json:"until,omitzero"` // its limit
}

// Opaque is a name as a Pause has it: always the same, and not to be found by whoever tries all
// names there may be, without the key. Without a book it has an empty key.
func (b *Book) Opaque(name string) string {
	var key []byte
	if b != nil {
		key = b.key
	}
	h := hmac.New(sha256.New, key)
	h.Write([]byte("linevault pause\x00" + name))
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// plain is a name as files of the older format have it.
func plain(name string) string {
	sum := sha256.Sum256([]byte("linevault pause\x00" + name))
	return hex.EncodeToString(sum[:12])
}

// Book is the pauses of all lines, in memory and on disk. It is safe for concurrent use, and
// only Kept waits for the disk.
type Book struct {
	file *os.File
	key  []byte
	wait sync.WaitGroup // the two goroutines

	mu     sync.Mutex
	change *sync.Cond         // of what follows, which mu guards
	of     map[string][]Pause // by line
	closed bool
	err    error  // why the disk could not be written, the last time
	turn   uint64 // counts changes
	tried  uint64 // the newest turn that it was tried to write
	put    uint64 // the newest turn that is written: it outlasts this process
	synced uint64 // the newest turn that is synced: it outlasts a power cut

	inPut, inSyncing, inSynced int // the slots of these turns
}

// Open reads the book at path, or begins one. If the file is there and says nothing that can
// be trusted, or its names were made with another key, intact is false: anything may have been
// paused. A file of the older format is replaced by one that has names of this key, as far as
// they are among names.
func Open(path string, key []byte, names []string) (b *Book, found []Pause, intact bool, err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, nil, false, fmt.Errorf("pauses that stand: %w", err)
	}
	b = &Book{key: key, of: map[string][]Pause{}}
	if err := b.renew(path, names); err != nil {
		return nil, nil, false, fmt.Errorf("pauses that stand: %w", err)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, nil, false, fmt.Errorf("pauses that stand: %w", err)
	}
	raw, err := io.ReadAll(io.LimitReader(f, slots*slotSize))
	if err != nil {
		return nil, nil, false, errors.Join(fmt.Errorf("pauses that stand: %w", err), f.Close())
	}
	turn, in, text, _ := newest(raw)
	intact = text != nil || len(raw) == 0
	var says body
	if text != nil && (json.Unmarshal(text, &says) != nil || says.Key != b.Opaque("")) {
		says, intact = body{}, false
	}
	found = says.Pauses
	b.file, b.turn, b.tried, b.put, b.synced = f, turn, turn, turn, turn
	b.inPut, b.inSyncing, b.inSynced = in, in, in
	b.change = sync.NewCond(&b.mu)
	for _, p := range found {
		b.of[p.Line] = append(b.of[p.Line], p)
	}
	b.wait.Go(b.writes)
	b.wait.Go(b.syncs)
	return b, found, intact, nil
}

// Set says who asks on a line now, in place of what was said before, and returns what Kept
// wants to know. It does not wait.
func (b *Book) Set(line string, now []Pause) (turn uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn++
	b.of[line] = now
	b.change.Broadcast()
	return b.turn
}

// Kept waits until a turn is on disk, and reports whether it is when ctx ends.
func (b *Book) Kept(ctx context.Context, turn uint64) bool {
	stop := context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.change.Broadcast()
	})
	defer stop()
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.synced < turn && !(b.err != nil && b.tried >= turn) && ctx.Err() == nil && !b.closed {
		b.change.Wait()
	}
	return b.synced >= turn
}

// Err is why the disk could not be written, if it could not.
func (b *Book) Err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err
}

// Close writes what is not written yet.
func (b *Book) Close() error {
	b.mu.Lock()
	b.closed = true
	b.change.Broadcast()
	b.mu.Unlock()
	b.wait.Wait()
	return errors.Join(b.Err(), b.file.Close())
}

// writes puts each new turn into a slot that is not needed. That is enough to outlast the
// process, and a disk that does not answer does not hold it up.
func (b *Book) writes() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for {
		for b.tried == b.turn && !b.closed {
			b.change.Wait()
		}
		if b.tried == b.turn {
			return
		}
		all := []Pause{}
		for _, l := range b.of {
			all = append(all, l...)
		}
		turn, in := b.turn, b.free()
		b.mu.Unlock()
		err := write(b.file, in, turn, body{Key: b.Opaque(""), Pauses: all})
		b.mu.Lock()
		b.tried, b.err = turn, err
		if err == nil {
			b.put, b.inPut = turn, in
		}
		b.change.Broadcast()
	}
}

// free is a slot that holds neither the newest turn, nor one that is being synced, nor the
// newest one that is.
func (b *Book) free() int {
	for i := range slots {
		if i != b.inPut && i != b.inSyncing && i != b.inSynced {
			return i
		}
	}
	panic("standing: there are four slots")
}

// syncs takes the newest turn to disk, over and over.
func (b *Book) syncs() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for done := b.synced; ; {
		for done == b.put && !(b.closed && b.tried == b.turn) {
			b.change.Wait()
		}
		if done == b.put {
			return
		}
		done, b.inSyncing = b.put, b.inPut
		b.mu.Unlock()
		err := unix.Fdatasync(int(b.file.Fd()))
		b.mu.Lock()
		if err != nil {
			b.err = fmt.Errorf("pauses that stand: %w", err)
		} else {
			b.synced, b.inSynced = done, b.inSyncing
		}
		b.change.Broadcast()
	}
}
