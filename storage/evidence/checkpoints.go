package evidence

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"linevault/storage/checkpoint"
	"linevault/storage/durable"
	"linevault/storage/keys"
	"linevault/storage/keys/journal"
	"linevault/storage/ledger"
)

// KeyPurpose is what the box's signing key is derived for, with keys.Ring.Derive: it comes of
// the store's own secret, so it is sealed under the root key as that is.
const KeyPurpose = "checkpoints"

// RolledBackError is a ledger that does not begin with what the box has signed: an old copy
// was put back, or entries were changed.
type RolledBackError struct{ Signed, Now int64 }

func (e *RolledBackError) Error() string {
	if e.Now < e.Signed {
		return fmt.Sprintf("the ledger has %d entries and the box has signed that it has %d: an old copy was put back; "+
			"put the newest copy of the folder ledger back from your backup", e.Now, e.Signed)
	}
	return fmt.Sprintf("the first %d entries of the ledger are not those that the box has signed: "+
		"they were changed; put the folder ledger back from your backup", e.Signed)
}

// Checkpoints is the list of signed checkpoints, a journal in DIR/ledger/checkpoints. Several
// goroutines, and several processes, may use it.
type Checkpoints struct {
	dir  string
	key  *checkpoint.Key
	book *ledger.Ledger
	ring *keys.Ring // nil: nothing is kept in one

	mu   sync.Mutex // guards what follows
	file *os.File
	end  int64  // how far the file was read
	last []byte // the newest that is ours
}

// OpenCheckpoints opens the list of the store in dir, and makes it where there is none.
func OpenCheckpoints(dir string, seed [32]byte, book *ledger.Ledger) (*Checkpoints, error) {
	c := &Checkpoints{dir: filepath.Join(dir, "ledger"), key: checkpoint.NewKey(seed), book: book}
	f, err := os.OpenFile(filepath.Join(c.dir, "checkpoints"), os.O_RDWR|os.O_CREATE|os.O_APPEND|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the checkpoints: %w", err)
	}
	c.file = f
	if err := errors.Join(durable.SyncFolder(c.dir), c.refresh()); err != nil {
		f.Close()
		return nil, fmt.Errorf("open the checkpoints: %w", err)
	}
	return c, nil
}

// Close closes the list.
func (c *Checkpoints) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.file.Close()
}

// PublicKey is what checkpoints are signed with, the half for everyone.
func (c *Checkpoints) PublicKey() checkpoint.PublicKey { return c.key.Public() }

// refresh takes in what was appended, by whoever. The caller holds mu, or is alone.
func (c *Checkpoints) refresh() error {
	info, err := c.file.Stat()
	if err != nil {
		return err
	}
	if info.Size() < c.end {
		c.end, c.last = 0, nil // an old copy was put in its place
	}
	_, err = journal.Scan(c.file, c.end, info.Size(), func(_ int64, payload []byte) error {
		if _, err := checkpoint.Open(payload, c.key.Public()); err == nil {
			c.last = bytes.Clone(payload)
		}
		return nil
	})
	if err == nil {
		c.end = info.Size()
	}
	return err
}

// Last is the newest checkpoint, or nil if there is none.
func (c *Checkpoints) Last() ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.refresh()
	return bytes.Clone(c.last), err
}

// Sign signs the ledger as it is now, if it has changed since the newest checkpoint, and
// returns the newest. It first makes sure that the ledger still begins with what was signed
// last and with what the keyring has of it: what it finds wrong there is a *RolledBackError or
// an *AnchorError, and nothing is signed.
func (c *Checkpoints) Sign(now time.Time) (signed []byte, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	err = c.alone(func() error {
		if err := c.sign(now); err != nil {
			return err
		}
		return c.drop(now, false)
	})
	if err != nil {
		return nil, err
	}
	return bytes.Clone(c.last), nil
}

// sign is Sign. The caller holds mu and the lock of the list.
func (c *Checkpoints) sign(now time.Time) error {
	if err := errors.Join(c.signedBefore(), c.anchored()); err != nil {
		return err
	}
	head, err := c.book.Head()
	if err != nil {
		return err
	}
	if c.last != nil {
		last, err := checkpoint.Open(c.last, c.key.Public())
		if err != nil || last.Tree == head {
			return err
		}
	}
	signed, err := c.key.Sign(checkpoint.Checkpoint{Tree: head, At: now.UTC().Truncate(time.Second), Boot: boot()})
	if err != nil {
		return err
	}
	if err := c.append(signed); err != nil {
		return fmt.Errorf("write a checkpoint: %w", err)
	}
	c.last = signed
	return nil
}

// follows checks that a ledger of n entries begins with what was signed.
func (c *Checkpoints) follows(signed checkpoint.Checkpoint, n int64) error {
	if n < signed.Tree.N {
		return &RolledBackError{signed.Tree.N, n}
	}
	then, err := c.book.HeadAt(signed.Tree.N)
	if err != nil {
		return err
	}
	if then != signed.Tree {
		return &RolledBackError{signed.Tree.N, n}
	}
	return nil
}

func (c *Checkpoints) append(signed []byte) error {
	b := journal.Append(nil, signed)
	_, err := c.file.Write(b)
	if err == nil {
		err = c.file.Sync()
	}
	if err == nil {
		c.end += int64(len(b))
	}
	return err
}

// After lists checkpoints from a place in the list on, at most most of them, oldest first,
// and the place after the last.
func (c *Checkpoints) After(at int64, most int) (signed [][]byte, next int64, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.refresh(); err != nil {
		return nil, at, err
	}
	if at > c.end || at < 0 {
		at = 0 // the list is not what it was
	}
	next = at
	_, err = journal.Scan(c.file, at, c.end, func(from int64, payload []byte) error {
		if len(signed) == most {
			return io.EOF
		}
		signed = append(signed, bytes.Clone(payload))
		next = from + int64(len(payload)) + journal.Overhead
		return nil
	})
	if err == io.EOF {
		err = nil
	} else if err == nil {
		next = c.end
	}
	return signed, next, err
}

// boot names this run of the machine, where the system tells.
func boot() string {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if errors.Is(err, fs.ErrNotExist) || len(b) > 64 {
		return ""
	}
	return string(bytes.TrimSpace(b))
}
