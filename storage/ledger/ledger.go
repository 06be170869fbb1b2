// Package ledger is the log of everything that happened: it only grows, nobody can alter an
// entry unseen, and it proves to an outsider what it held and when.
//
// The file entries is the truth: a journal of sealed events, each with its number and its
// leaf of a Merkle tree (RFC 6962). A leaf is the hash of a random salt and the event, so it
// tells nothing, and proofs hold after the event itself is gone. The files hashes and index
// follow from entries and are mended when the ledger is opened. What a crash tears at the
// end of entries is stepped over, as package journal says; it was never acknowledged.
//
// Entries that were cut off the end by someone who could also write the other files show
// only against a tree head that had left the box: Head says what to send, ProveTree that
// today's ledger contains yesterday's.
package ledger

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"linevault/storage/durable"
	"linevault/storage/keys/journal"
)

// Event is one thing that happened.
type Event struct {
	At        time.Time         `json:"at"`
	Kind      string            `json:"kind"`
	Who       string            `json:"who,omitempty"`
	Call      string            `json:"call,omitempty"`
	Purpose   string            `json:"purpose,omitempty"`
	Reference string            `json:"reference,omitempty"`
	Text      string            `json:"text,omitempty"`
	Data      map[string]string `json:"data,omitempty"`
}

// Damaged is the Kind of an event that stands for one that cannot be read.
const Damaged = "ledger entry damaged"

// ErrKey says that none of the first entries opens with the key.
var ErrKey = errors.New("the ledger was written under another key: put keys/root and keys/ring of this store back from your backup")

// Ledger is an open ledger. Several goroutines, and several processes, may use it.
type Ledger struct {
	dir     string
	aead    func() cipher.AEAD // a function, because fmt would go into the cipher
	entries *os.File
	tree    *tree

	mu     sync.Mutex
	n      int64          // under mu: how many entries there are
	end    int64          // under mu: how far into entries we have looked
	tears  []journal.Tear // under mu: stepped over
	closed bool           // under mu
}

// Open opens the ledger in dir/ledger, and makes it where there is none. The key is the
// store's for this purpose.
func Open(dir string, key [32]byte) (*Ledger, error) {
	l := &Ledger{dir: filepath.Join(dir, "ledger"), aead: newAEAD(key)}
	if err := durable.MakeFolder(l.dir); err != nil {
		return nil, fmt.Errorf("open the ledger: %w", err)
	}
	if err := l.open(); err != nil {
		l.Close()
		return nil, fmt.Errorf("open the ledger in %s: %w", l.dir, err)
	}
	return l, nil
}

func newAEAD(key [32]byte) func() cipher.AEAD {
	k, err := hkdf.Key(sha256.New, key[:], nil, "linevault ledger body v1", 32)
	if err != nil {
		panic("ledger: " + err.Error()) // the lengths are right
	}
	block, err := aes.NewCipher(k)
	if err != nil {
		panic("ledger: " + err.Error()) // the key's length is right
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("ledger: " + err.Error()) // an AES block cipher always has a GCM
	}
	return func() cipher.AEAD { return aead }
}

func (l *Ledger) open() error {
	unlock, err := journal.Lock(filepath.Join(l.dir, "lock"))
	if err != nil {
		return err
	}
	defer unlock()
	l.entries, err = os.OpenFile(filepath.Join(l.dir, "entries"), os.O_RDWR|os.O_CREATE|os.O_APPEND|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	if l.tree, err = openTree(l.dir); err != nil {
		return err
	}
	if info, err := l.entries.Stat(); err != nil {
		return err
	} else if info.Size() == 0 { // it may be new
		if err := durable.SyncFolder(l.dir); err != nil {
			return err
		}
	}
	if err := l.checkKey(); err != nil {
		return err
	}
	return l.recover()
}

// Close closes the ledger's files. Everything appended is on disk already.
func (l *Ledger) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	var err error
	if l.entries != nil {
		err = l.entries.Close()
	}
	if l.tree != nil {
		err = errors.Join(err, l.tree.close())
	}
	return err
}

// locked runs f while no other goroutine or process changes the ledger, and with all that
// others have appended taken in.
func (l *Ledger) locked(f func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return fmt.Errorf("ledger: %w", os.ErrClosed)
	}
	unlock, err := journal.Lock(filepath.Join(l.dir, "lock"))
	if err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	defer unlock()
	if err := l.refresh(); err != nil {
		return fmt.Errorf("ledger: %w", err)
	}
	return f()
}

// Append adds an event and returns its number once it is on disk.
func (l *Ledger) Append(e Event) (index int64, err error) {
	return l.AppendAll([]Event{e})
}

// AppendAll adds events under one fsync, all or none, and returns the first one's number.
func (l *Ledger) AppendAll(es []Event) (first int64, err error) {
	err = l.locked(func() error {
		first = l.n
		return l.append(es)
	})
	return first, err
}

// append does the work of AppendAll; the lock is held.
func (l *Ledger) append(es []Event) error {
	var b []byte
	added := make([]entry, len(es))
	for i, e := range es {
		sealed, err := l.seal(l.n+int64(i), l.n, e)
		if err != nil {
			return err
		}
		added[i] = sealed
		added[i].at = l.end + int64(len(b))
		b = journal.Append(b, sealed.encode())
	}
	if err := l.write(b); err != nil {
		return fmt.Errorf("append to the ledger: %w", err)
	}
	for _, e := range added {
		if err := l.tree.add(e.index, e.at, e.leaf); err != nil {
			return fmt.Errorf("append to the ledger: %w", err)
		}
		l.n = e.index + 1
	}
	l.end += int64(len(b))
	return nil
}

// write appends b to entries, durably or not at all: what was written but could not be made
// durable is taken back, for Linux forgets after a failed fsync that it ever mattered.
func (l *Ledger) write(b []byte) error {
	_, err := l.entries.Write(b)
	if err == nil {
		err = datasync(l.entries)
	}
	if err == nil {
		return nil
	}
	if undo := l.entries.Truncate(l.end); undo != nil {
		return errors.Join(err, undo)
	}
	return err
}

// datasync is replaced by tests.
var datasync = func(f *os.File) error {
	if err := unix.Fdatasync(int(f.Fd())); err != nil {
		return fmt.Errorf("fsync %s: %w", f.Name(), err)
	}
	return nil
}

// Len is how many entries there are, other processes' included.
func (l *Ledger) Len() int64 {
	var n int64
	if err := l.locked(func() error { n = l.n; return nil }); err != nil {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.n // what we knew
	}
	return n
}

// Events is the entries from one number to before another, as far as there are so many. One
// that cannot be read is there as an event of the kind Damaged.
func (l *Ledger) Events(from, to int64) ([]Event, error) {
	var es []Event
	err := l.locked(func() error {
		for i := max(0, from); i < min(to, l.n); i++ {
			e, err := l.event(i)
			if err != nil {
				e = Event{Kind: Damaged, Text: err.Error()}
			}
			es = append(es, e)
		}
		return nil
	})
	return es, err
}
