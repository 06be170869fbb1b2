package keys

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"

	"linevault/storage/keys/recovery"
	"linevault/storage/keys/tpm"
)

// Home is where the root key is to live.
type Home string

// The homes. Auto takes the TPM where there is one, if somebody else can bring the key back:
// what a TPM loses when it is cleared is lost.
const (
	Auto   Home = "auto"
	InTPM  Home = "tpm"
	InFile Home = "file"
)

// Arrangement is what the configuration wants of the root key.
type Arrangement struct {
	Home     Home           // none: where it is
	Recovery *recovery.Plan // nil: as it is
}

// place is where a root key lies: in the file itself, or in one of two slots of a TPM, which
// take turns, so that the key before stays until the next one holds.
type place struct {
	pair   tpm.Index // 0: in the file
	slot   int
	id     string // of the root key
	writes int    // to the TPM's memory, which does not last for ever
}

func (p place) home() Home {
	if p.pair == 0 {
		return InFile
	}
	return InTPM
}

func (p place) index() tpm.Index { return p.pair + tpm.Index(p.slot) }

// next is where the root key after this one goes.
func (p place) next(t *tpm.TPM) (place, error) {
	if p.pair != 0 {
		return place{pair: p.pair, slot: 1 - p.slot, writes: p.writes + 2}, nil
	}
	pair, err := t.Free()
	return place{pair: pair, writes: 1}, err
}

// tpmVersion is the version of a file that says where in a TPM the root key is. Five lines:
//
//	linevault root key tpm 1
//	pair 0x01812346 slot 0
//	id 0123456789abcdef         of the root key
//	writes 1                    to the TPM's memory
//	CHECK                       the first 4 bytes of the SHA-256 of what comes before, in hex
const tpmVersion = "tpm 1"

func (p place) encode() string {
	text := fmt.Sprintf("%s%s\npair %s slot %d\nid %s\nwrites %d\n", rootFirstLine, tpmVersion, p.pair, p.slot, p.id, p.writes)
	return text + checkOf(text) + "\n"
}

func checkOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:4])
}

func parsePlace(text string) (place, error) {
	var p place
	var pair uint32
	n, err := fmt.Sscanf(text, rootFirstLine+tpmVersion+"\npair 0x%x slot %d\nid %s\nwrites %d\n", &pair, &p.slot, &p.id, &p.writes)
	p.pair = tpm.Index(pair)
	if n != 4 || err != nil || !p.pair.Valid() || p.slot < 0 || p.slot > 1 || p.encode() != text {
		return p, errRootDamaged
	}
	return p, nil
}

// fetch reads the root key out of the TPM.
func (p place) fetch() (root, error) {
	t, err := tpm.Open()
	if err != nil {
		return root{}, err
	}
	defer t.Close()
	b, err := t.Read(p.index())
	if err != nil {
		return root{}, err
	}
	defer clear(b[:])
	r := root{secret: hidden(append([]byte(nil), b[:]...)), at: p}
	if r.id() != p.id {
		return root{}, fmt.Errorf("%w (index %s)", tpm.ErrMissing, p.index())
	}
	return r, nil
}

// put writes a root key into the TPM, and a file that says where. The file comes first, so
// that a crash leaves nothing in the TPM that nobody knows of.
func (r root) put(folder string, at place, t *tpm.TPM) error {
	at.id = r.id()
	if err := write(folder, nextRoot, []byte(at.encode())); err != nil {
		return err
	}
	for slot := range 2 {
		step("define slot " + strconv.Itoa(slot))
		if err := t.Define(at.pair + tpm.Index(slot)); err != nil {
			return err
		}
	}
	step("write slot " + strconv.Itoa(at.slot))
	b := [tpm.Size]byte(r.secret())
	defer clear(b[:])
	return t.Write(at.index(), b)
}

// bring writes a root key under the name of the one to come, in a home; before is where the
// root key lies now.
func (r root) bring(folder string, to Home, before place) error {
	if to != InTPM {
		return r.write(folder, nextRoot)
	}
	t, err := tpm.Open()
	if err != nil {
		return err
	}
	defer t.Close()
	at, err := before.next(t)
	if err != nil {
		return err
	}
	return r.put(folder, at, t)
}

// empty destroys the root key that a file which is about to go says is in a TPM, unless it is
// the one that holds.
func (k *Ring) empty(name string) error {
	b, err := os.ReadFile(k.at(name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	p, err := parsePlace(string(b))
	if err != nil || p.pair == k.where.pair && p.slot == k.where.slot {
		return nil // another kind of file, or a torn one, which was written before the TPM
	}
	t, err := tpm.Open()
	if err == nil {
		defer t.Close()
		if p.pair == k.where.pair {
			return overwrite(t, p)
		}
		err = remove(t, p)
	}
	if err != nil { // the TPM of another machine, or one that was cleared
		k.notes = append(k.notes, fmt.Sprintf("an old root key may still be in a TPM at index %s: %v", p.index(), err))
	}
	return nil
}

func overwrite(t *tpm.TPM, p place) error {
	b, err := t.Read(p.index())
	if err != nil || b == [tpm.Size]byte{} {
		return err
	}
	step("overwrite slot " + strconv.Itoa(p.slot))
	return t.Write(p.index(), [tpm.Size]byte{})
}

func remove(t *tpm.TPM, p place) error {
	var all error
	for slot := range 2 {
		step("remove slot " + strconv.Itoa(slot))
		if err := t.Remove(p.pair + tpm.Index(slot)); !errors.Is(err, tpm.ErrMissing) {
			all = errors.Join(all, err)
		}
	}
	return all
}

// choose is where a root key goes that has no home yet.
func (a Arrangement) choose() Home {
	switch {
	case a.Home == InTPM:
		return InTPM
	case a.Home == Auto && a.Recovery != nil && !a.Recovery.Empty() && tpmPresent():
		return InTPM
	}
	return InFile
}

func tpmPresent() bool {
	t, err := tpm.Open()
	if err != nil {
		return false
	}
	return t.Close() == nil
}

// Arrange sees to it that the root key lives where it is to, and that those who can bring it
// back are those who shall. Any change brings a new root key, so that who was left out has
// nothing. It returns what it did, or could not, a sentence each.
func (k *Ring) Arrange(a Arrangement) (did []string, err error) {
	if a.Recovery != nil {
		if err := a.Recovery.Check(); err != nil {
			return nil, err
		}
	}
	err = k.change(func() error {
		did, err = k.arrange(a)
		return err
	})
	return did, err
}

// arrange is Arrange. The caller holds mu and the lock.
func (k *Ring) arrange(a Arrangement) (did []string, err error) {
	f, home := k.file, k.where.home()
	if a.Recovery != nil {
		f.plan = *a.Recovery
	}
	want := home
	if a.Home == InFile || a.Home == InTPM {
		want = a.Home
	}
	if a.Home == Auto && home == InFile {
		want = Arrangement{Auto, &f.plan}.choose()
	}
	if want != home {
		err := k.rotateTo(f, want)
		if err == nil {
			return append(did, "the root key has moved: "+k.where.String()), nil
		}
		if a.Home != Auto {
			return nil, err
		}
		did = append(did, fmt.Sprintf("the root key stays in keys/root: %v", err))
		if err := k.finish(); err != nil {
			return did, err
		}
	}
	if f.plan.Equal(k.file.plan) {
		return did, nil
	}
	if err := k.rotateTo(f, home); err != nil {
		return did, err
	}
	if f.plan.Empty() {
		return append(did, "nobody but this box has the root key any more"), nil
	}
	return append(did, fmt.Sprintf("the root key is wrapped to its recovery recipients, of whom %d are needed", f.plan.Needed)), nil
}

func (p place) String() string {
	if p.pair == 0 {
		return "it is in keys/root"
	}
	return "it is in the TPM, at index " + p.index().String()
}
