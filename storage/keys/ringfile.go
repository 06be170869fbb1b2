package keys

import (
	"bytes"
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"linevault/storage/keys/recovery"
)

// ringFirstLine begins the file of the ring; the format version and the id of the root key
// follow. After it come lines
//
//	store SEALED               a random secret that Derive draws from
//	period CLASS DAY SEALED    a period's private key
//	older CLASS DAY SEALED     the one that it is being put in place of
//	passing NUMBER SEALED      what seals that which is made anew when something is destroyed
//	recovery SEALED            who can bring the root key back, as JSON; without it, nobody
//	ledger SEALED              how the ledger was at one time, as JSON; see Anchor
//	rotated TIME               when this root key took the one before's place
//	end COUNT MAC              how many lines come before, and their HMAC-SHA256
//
// where SEALED is base64 of nonce, AES-256-GCM ciphertext and tag. Each line is
// authenticated by itself too, so that one that is damaged costs no other.
const ringFirstLine = "linevault keyring "

const ringVersion = "1"

// ringFile is what the file says.
type ringFile struct {
	store    secret            // opened
	periods  map[period][]byte // sealed
	older    map[period][]byte // sealed: pairs that are being replaced
	passing  map[uint64][]byte // sealed, by number
	plan     recovery.Plan     // opened
	anchor   *Anchor           // opened; nil: nothing is kept of the ledger
	rotated  time.Time
	problems []string
	damaged  []period // whose line does not open
}

// ringKey seals the lines of a ring.
type ringKey struct {
	aead func() cipher.AEAD // a function, because fmt would go into the cipher
	mac  secret
	root string
}

func newRingKey(r root) ringKey {
	block, err := aes.NewCipher(r.derive("linevault keyring v1"))
	if err != nil {
		panic("keys: " + err.Error()) // the key's length is right
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("keys: " + err.Error()) // an AES block cipher always has a GCM
	}
	return ringKey{
		aead: func() cipher.AEAD { return aead },
		mac:  hidden(r.derive("linevault keyring mac v1")),
		root: r.id(),
	}
}

// additional binds a sealed line to what it is, the format and the root key. No field can
// hold a zero byte.
func (k ringKey) additional(fields ...string) []byte {
	fields = append([]string{"linevault keyring", ringVersion, k.root}, fields...)
	return []byte(strings.Join(fields, "\x00"))
}

func (k ringKey) seal(plain []byte, fields ...string) []byte {
	return k.aead().Seal(nil, nil, plain, k.additional(fields...))
}

func (k ringKey) open(sealed []byte, fields ...string) ([]byte, error) {
	return k.aead().Open(nil, nil, sealed, k.additional(fields...))
}

func (k ringKey) openPeriod(p period, sealed []byte) ([]byte, error) {
	return k.open(sealed, "period", p.class, string(p.day))
}

func (k ringKey) openOlder(p period, sealed []byte) ([]byte, error) {
	return k.open(sealed, "older", p.class, string(p.day))
}

func (k ringKey) sealOlder(p period, secret []byte) []byte {
	return k.seal(secret, "older", p.class, string(p.day))
}

func (k ringKey) sealPeriod(p period, secret []byte) []byte {
	return k.seal(secret, "period", p.class, string(p.day))
}

func (k ringKey) sum(b []byte) string {
	m := hmac.New(sha256.New, k.mac())
	m.Write(b)
	return hex.EncodeToString(m.Sum(nil))
}

// encode is the file of f.
func (k ringKey) encode(f ringFile) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s%s root %s\n", ringFirstLine, ringVersion, k.root)
	fmt.Fprintf(&b, "store %s\n", base64.StdEncoding.EncodeToString(k.seal(f.store(), "store")))
	for _, p := range slices.SortedFunc(maps.Keys(f.periods), comparePeriods) {
		fmt.Fprintf(&b, "period %s %s %s\n", p.class, p.day, base64.StdEncoding.EncodeToString(f.periods[p]))
	}
	for _, p := range slices.SortedFunc(maps.Keys(f.older), comparePeriods) {
		fmt.Fprintf(&b, "older %s %s %s\n", p.class, p.day, base64.StdEncoding.EncodeToString(f.older[p]))
	}
	b.Write(f.passingLines(nil))
	if !f.plan.Empty() {
		plan, err := json.Marshal(f.plan)
		if err != nil {
			panic("keys: " + err.Error()) // text and numbers
		}
		fmt.Fprintf(&b, "recovery %s\n", base64.StdEncoding.EncodeToString(k.seal(plan, "recovery")))
	}
	b.Write(k.anchorLine(nil, f.anchor))
	if !f.rotated.IsZero() {
		fmt.Fprintf(&b, "rotated %s\n", f.rotated.UTC().Format(time.RFC3339))
	}
	fmt.Fprintf(&b, "end %d %s\n", bytes.Count(b.Bytes(), []byte("\n")), k.sum(b.Bytes()))
	return b.Bytes()
}

func comparePeriods(a, b period) int {
	return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.class, b.class))
}

// otherRootError is a keyring that was sealed under another root key.
type otherRootError struct{ ring, root string }

func (e *otherRootError) Error() string {
	return fmt.Sprintf("the keyring belongs to root key %.16q and keys/root is root key %s: "+
		"put back the keys/root of this store from your backup, the one that was copied together with this keyring, "+
		"because each destruction brings a new root key", e.ring, e.root)
}

// decode reads a ring file. A line that does not open is a problem, and no more: what it
// held is lost, what the others hold is not.
func (k ringKey) decode(b []byte) (ringFile, error) {
	f := ringFile{periods: make(map[period][]byte), older: make(map[period][]byte)}
	first, rest, _ := bytes.Cut(b, []byte("\n"))
	head, ok := strings.CutPrefix(string(first), ringFirstLine)
	version, root, ok2 := strings.Cut(head, " root ")
	switch {
	case !ok || !ok2:
		return f, errors.New("the first line is damaged: put keys/ring back from your backup")
	case version != ringVersion:
		return f, fmt.Errorf("the keyring is %w", ErrNewer)
	case root != k.root:
		return f, &otherRootError{ring: root, root: k.root}
	}
	end := bytes.LastIndex(b, []byte("\nend ")) + 1
	whole := end > 0 && string(b[end:]) == fmt.Sprintf("end %d %s\n", bytes.Count(b[:end], []byte("\n")), k.sum(b[:end]))
	for i, line := range strings.Split(strings.TrimSuffix(string(rest), "\n"), "\n") {
		if err := k.line(&f, line); err != nil {
			f.problems = append(f.problems, fmt.Sprintf("line %d: %v", i+2, err))
		}
	}
	if f.store == nil {
		return f, errors.New("the store's own secret is damaged: put keys/ring back from your backup")
	}
	if !whole && len(f.problems) == 0 {
		f.problems = []string{"lines are missing or were moved: if calls of a day do not open, " + elsewhere}
	}
	return f, nil
}

// elsewhere is what to do about a key that is lost here.
const elsewhere = "restore a backup of before the damage to another folder (`linevault restore --made`), where they play"

// errDamaged is a line of which not even the kind can be read.
var errDamaged = errors.New("it cannot be read, and what it held is lost, most likely the key of one day and class: " +
	"if calls do not open, " + elsewhere)

// line takes in one line after the first. Its errors show the period at most.
func (k ringKey) line(f *ringFile, line string) error {
	fields := strings.Fields(line)
	if len(fields) == 0 {
		return errDamaged
	}
	sealed, err := base64.StdEncoding.DecodeString(fields[len(fields)-1])
	if err != nil {
		sealed = nil // which does not open: each kind of line says what is lost with it
	}
	switch {
	case fields[0] == "end" && len(fields) == 3:
		return nil
	case fields[0] == "rotated" && len(fields) == 2:
		if f.rotated, err = time.Parse(time.RFC3339, fields[1]); err != nil {
			return errors.New("since when this root key holds cannot be read: nothing else is lost, and the next root key has it again")
		}
	case fields[0] == "store" && len(fields) == 2:
		store, err := k.open(sealed, "store")
		if err != nil {
			return errors.New("the store's own secret is damaged") // decode says what to do
		}
		f.store = hidden(store)
	case fields[0] == "passing" && len(fields) == 3:
		return k.passingLine(f, fields[1], sealed)
	case fields[0] == "ledger" && len(fields) == 2:
		return k.takeAnchor(f, sealed)
	case fields[0] == "recovery" && len(fields) == 2:
		b, err := k.open(sealed, "recovery")
		if err != nil || json.Unmarshal(b, &f.plan) != nil {
			return errors.New("who can bring the root key back is damaged: start the desk with its configuration")
		}
	case (fields[0] == "period" || fields[0] == "older") && len(fields) == 4:
		p := period{class: fields[1], day: Day(fields[2])}
		if p.check() != nil {
			return errDamaged
		}
		to, open := f.periods, k.openPeriod
		if fields[0] == "older" {
			to, open = f.older, k.openOlder
		}
		if _, err := open(p, sealed); err != nil {
			f.damaged = append(f.damaged, p)
			return fmt.Errorf("the key of %s is damaged: its calls open no more here; %s", p, elsewhere)
		}
		to[p] = sealed
	default:
		return errDamaged
	}
	return nil
}
