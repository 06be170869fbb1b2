package keys

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"linevault/storage/seal"
)

// publicFirstLine begins the file of the public halves; the format version follows. After
// it come lines
//
//	period CLASS DAY KEY    KEY is base64 of 1249 bytes
//	end SHA256              of all that comes before, in hex
//
// The sum is against damage: a call that is locked to a damaged key is lost.
const publicFirstLine = "linevault public keys "

const publicVersion = "1"

// publish writes the public halves of yesterday, today and the days Ahead, if the file does
// not have just these. The caller holds mu and the lock.
func (k *Ring) publish(now time.Time) error {
	from := DayOf(now.UTC().AddDate(0, 0, -1)) // for the call that began before midnight
	to := DayOf(now.UTC().AddDate(0, 0, Ahead))
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s%s\n", publicFirstLine, publicVersion)
	for _, p := range slices.SortedFunc(maps.Keys(k.file.periods), comparePeriods) {
		if p.day < from || p.day > to {
			continue
		}
		priv, err := k.private(p)
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "period %s %s %s\n", p.class, p.day, base64.StdEncoding.EncodeToString(priv.Public().Bytes()))
	}
	fmt.Fprintf(&b, "end %s\n", sum(b.Bytes()))
	old, err := os.ReadFile(filepath.Join(k.folder, publicName))
	if err == nil && bytes.Equal(old, b.Bytes()) {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	halves, err := parsePublic(old)
	if errors.Is(err, ErrNewer) {
		return fmt.Errorf("keys/public is %w", ErrNewer)
	}
	if err := k.findStrangers(halves); err != nil {
		return err
	}
	return write(k.folder, publicName, b.Bytes())
}

// findStrangers looks for public halves of our periods that are not of our keys: either the
// private half was damaged, or somebody put them there, who alone can open what was locked to them.
func (k *Ring) findStrangers(halves map[period]*seal.PublicKey) error {
	for p, half := range halves {
		if k.file.periods[p] == nil {
			continue
		}
		priv, err := k.private(p)
		if err != nil {
			return err
		}
		if !bytes.Equal(half.Bytes(), priv.Public().Bytes()) && k.file.older[p] == nil {
			k.strangers = append(k.strangers, fmt.Sprintf("keys/public had a key of %s that is not in the keyring: "+
				"it has been replaced; only a backup of keys/ring that has it opens what was recorded to it", p))
		}
	}
	return nil
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func parsePublic(b []byte) (map[period]*seal.PublicKey, error) {
	damaged := errors.New("damaged: start the desk, which writes it anew")
	first, rest, _ := strings.Cut(string(b), "\n")
	version, ok := strings.CutPrefix(first, publicFirstLine)
	if !ok {
		return nil, damaged
	}
	// The sum ends the file in every version, so that a flipped bit is not taken for a newer one.
	body, end, ok := strings.Cut(rest, "end ")
	if !ok || end != sum(b[:len(first)+1+len(body)])+"\n" {
		return nil, damaged
	}
	if version != publicVersion {
		return nil, ErrNewer
	}
	halves := make(map[period]*seal.PublicKey)
	for line := range strings.Lines(body) {
		var p period
		var day, text string
		if n, err := fmt.Sscanf(line, "period %s %s %s\n", &p.class, &day, &text); n != 3 || err != nil {
			return nil, damaged
		}
		p.day = Day(day)
		key, err := base64.StdEncoding.DecodeString(text)
		if err != nil || p.check() != nil {
			return nil, damaged
		}
		if halves[p], err = seal.ParsePublicKey(p.class, day, key); err != nil {
			return nil, damaged
		}
	}
	return halves, nil
}

// Recipients is the public halves, which lock part keys and open nothing: all that the
// recorder has. Several goroutines may use it.
type Recipients struct {
	path string

	mu     sync.Mutex
	halves map[period]*seal.PublicKey // under mu
	stat   os.FileInfo                // under mu: of the file when it was read
}

// OpenRecipients reads the public halves of the store in dir.
func OpenRecipients(dir string) (*Recipients, error) {
	r := &Recipients{path: filepath.Join(folder(dir), publicName)}
	if err := r.load(); err != nil {
		return nil, err
	}
	return r, nil
}

// load reads the file if it is another one than last time. The caller holds mu, or is alone.
func (r *Recipients) load() error {
	stat, err := os.Stat(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is missing: start the desk, which writes it: %w", r.path, fs.ErrNotExist)
	}
	if err != nil {
		return fmt.Errorf("public keys: %w", err)
	}
	if r.stat != nil && os.SameFile(stat, r.stat) && stat.ModTime().Equal(r.stat.ModTime()) && stat.Size() == r.stat.Size() {
		return nil
	}
	b, err := os.ReadFile(r.path)
	if err != nil {
		return fmt.Errorf("public keys: %w", err)
	}
	halves, err := parsePublic(b)
	if err != nil {
		return fmt.Errorf("%s: %w", r.path, err)
	}
	r.halves, r.stat = halves, stat
	return nil
}

// For is what locks part keys of a class on a day, and the day it is really of: where the
// day has no key, because nobody made one for weeks or the clock is wrong, the newest there
// is, for recording must go on. Keys that the desk adds are found without opening again; if
// the file has been lost or damaged meanwhile, those read before go on serving.
func (r *Recipients) For(class string, day Day) (seal.Recipient, Day, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	loading := r.load()
	if half := r.halves[period{class: class, day: day}]; half != nil {
		return half, day, nil
	}
	var newest Day
	for p := range r.halves {
		if p.class == class && p.day > newest {
			newest = p.day
		}
	}
	if newest == "" {
		if loading != nil {
			return nil, "", loading
		}
		return nil, "", fmt.Errorf("%s has no key for retention class %q: start the desk with this class in its configuration", r.path, class)
	}
	return r.halves[period{class: class, day: newest}], newest, nil
}

// Uses reports whether what is locked for a period goes to the half with this SHA-256, or to
// none because the period has none any more. Its error says why nobody can tell.
func (r *Recipients) Uses(class string, day Day, hash [32]byte) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.load(); err != nil {
		return false, err
	}
	half := r.halves[period{class: class, day: day}]
	return half == nil || sha256.Sum256(half.Bytes()) == hash, nil
}
