package hook

import (
	"crypto/hpke"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"linevault/storage/durable"
)

// A queue is a folder, which has
//
//	key             the public half for which events are sealed
//	FIRST-LAST      a batch of events, sealed, named after the ids of its first and last
//	sent/NAME       the id up to which a webhook has been sent

// OfRecorder is the queue of what the recorder tells.
func OfRecorder(dir string) (queue string) { return filepath.Join(dir, "hooks") }

// OfDesk is the queue of what the desk tells. Each process has its own, for the ids of one grow in
// the order in which they are written.
func OfDesk(dir string) (queue string) { return filepath.Join(OfRecorder(dir), "desk") }

// Key opens events. It is the desk's.
type Key struct{ private hpke.PrivateKey }

// NewKey derives the desk's key from a secret of the store's, and publishes its public half in
// a queue.
func NewKey(queue string, secret [32]byte) (*Key, error) {
	k, err := hpke.MLKEM768P256().DeriveKeyPair(secret[:])
	if err != nil {
		return nil, fmt.Errorf("webhooks: %w", err)
	}
	if err := os.MkdirAll(filepath.Join(queue, "sent"), 0o700); err != nil {
		return nil, fmt.Errorf("webhooks: %w", err)
	}
	if err := durable.Write(filepath.Join(queue, "key"), k.PublicKey().Bytes()); err != nil {
		return nil, fmt.Errorf("webhooks: %w", err)
	}
	return &Key{k}, nil
}

// publicKey reads what NewKey published.
func publicKey(queue string) (hpke.PublicKey, error) {
	b, err := os.ReadFile(filepath.Join(queue, "key"))
	if err != nil {
		return nil, err
	}
	return hpke.MLKEM768P256().NewPublicKey(b)
}

// info binds a batch to its name.
func info(name string) []byte { return []byte("linevault webhook events v1 " + name) }

func seal(k hpke.PublicKey, name string, plain []byte) ([]byte, error) {
	return hpke.Seal(k, hpke.HKDFSHA256(), hpke.AES256GCM(), info(name), plain)
}

func (k *Key) open(name string, sealed []byte) ([]byte, error) {
	return hpke.Open(k.private, hpke.HKDFSHA256(), hpke.AES256GCM(), info(name), sealed)
}

// sweep removes batches that were not whole when their writer ended.
func sweep(queue string) error {
	return durable.Sweep(queue, func(name string) bool { return strings.Contains(name, "-") })
}

// batch is a file of events.
type batch struct{ first, last id }

func (b batch) name() string { return b.first.String() + "-" + b.last.String() }

// batches lists those of a queue, oldest first.
func batches(queue string) (all []batch, err error) {
	files, err := os.ReadDir(queue)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, f := range files {
		first, last, ok := strings.Cut(f.Name(), "-")
		var b batch
		if !ok || b.first.UnmarshalText([]byte(first)) != nil || b.last.UnmarshalText([]byte(last)) != nil || b.name() != f.Name() {
			continue
		}
		all = append(all, b)
	}
	slices.SortFunc(all, func(a, b batch) int { return strings.Compare(a.name(), b.name()) })
	return all, err
}

// sent is up to which id a webhook has been sent; 0 for nothing yet.
func sent(queue, name string) (n id, err error) {
	b, err := os.ReadFile(filepath.Join(queue, "sent", name))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if n.UnmarshalText(b) != nil {
		return 0, nil // damaged: what is there is sent again
	}
	return n, nil
}

// newest is the greatest id that was ever given, as far as the queue tells.
func newest(queue string) (id, error) {
	all, err := batches(queue)
	if err != nil {
		return 0, err
	}
	var n id
	for _, b := range all {
		n = max(n, b.last)
	}
	files, err := os.ReadDir(filepath.Join(queue, "sent"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	for _, f := range files {
		s, err := sent(queue, f.Name())
		if err != nil {
			return 0, err
		}
		n = max(n, s)
	}
	return n, nil
}
