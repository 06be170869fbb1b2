package api

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"linevault/storage/durable"
)

// usesEvery is how often it is written down when terminals last asked.
const usesEvery = time.Minute

// use is when a terminal last asked, and from where.
type use struct {
	At   time.Time  `json:"at"`
	From netip.Addr `json:"from"`
}

// Uses is the file, sealed, that says when each terminal last asked, so that this is known of one
// that has not asked since the recorder was started.
type Uses struct {
	path string
	seal cipher.AEAD
	kept map[string]use // what the file says, by the name of a terminal
}

// usesOf binds what is sealed to what it is for.
var usesOf = []byte("linevault terminals v1")

// OpenUses reads the file in a data folder. One that cannot be opened is begun anew, and err says
// why.
func OpenUses(dir string, key []byte) (u *Uses, err error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic("api: " + err.Error()) // it has 32 bytes
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("api: " + err.Error())
	}
	u = &Uses{path: filepath.Join(dir, "terminals"), seal: seal, kept: map[string]use{}}
	b, err := os.ReadFile(u.path)
	if errors.Is(err, fs.ErrNotExist) {
		return u, nil
	}
	if err == nil {
		b, err = seal.Open(nil, nil, b, usesOf)
	}
	if err == nil {
		err = json.Unmarshal(b, &u.kept)
	}
	if err != nil {
		u.kept = map[string]use{}
		return u, fmt.Errorf("when terminals last asked: %s: %w", u.path, err)
	}
	return u, nil
}

// keep writes down when terminals last asked, if that has changed.
func (u *Uses) keep(now map[string]use) error {
	if maps.Equal(now, u.kept) {
		return nil
	}
	b, err := json.Marshal(now)
	if err == nil {
		err = durable.Write(u.path, u.seal.Seal(nil, nil, b, usesOf))
	}
	if err != nil {
		return fmt.Errorf("when terminals last asked: %w", err)
	}
	u.kept = now
	return nil
}

// restoreUses gives terminals back what is known of them.
func (a *API) restoreUses() {
	for _, t := range a.terminals {
		if k, is := a.Uses.kept[t.Name]; is {
			t.used.Store(k.At.UnixNano())
			t.from.Store(&k.From)
		}
	}
}

// keepUses writes down when terminals last asked. Names that the configuration does not have any
// more go.
func (a *API) keepUses() {
	now := map[string]use{}
	for _, t := range a.terminals {
		if at, from := t.lastUsed(), t.from.Load(); !at.IsZero() && from != nil {
			now[t.Name] = use{At: at, From: *from}
		}
	}
	err := a.Uses.keep(now)
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != "" && text != a.said {
		a.Log.Warn("it could not be written down", "err", err)
	}
	a.said = text
}
