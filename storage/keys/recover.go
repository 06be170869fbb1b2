package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"linevault/storage/keys/journal"
	"linevault/storage/keys/recovery"
)

// recoveryName is the root key wrapped for those who can bring it back.
const recoveryName = "recovery"

// LockedError says that nothing here opens, because root key or ring cannot be had. The
// recorder goes on: it has public halves only.
type LockedError struct {
	Why  error
	Plan recovery.Plan // who can bring the root key back, as keys/recovery says
}

func (e *LockedError) Error() string {
	if e.Plan.Empty() {
		return e.Why.Error()
	}
	or := "or "
	if errors.Is(e.Why, ErrLockedByHand) {
		or = "" // there is nothing else to do
	}
	return fmt.Sprintf("%v; %srun `linevault keys recover` with the identities of %d of: %s", e.Why, or, e.Plan.Needed, recovery.Names(e.Plan.Recipients))
}

// Unwrap is why.
func (e *LockedError) Unwrap() error { return e.Why }

// locked makes a LockedError, but of a file that a newer version wrote.
func (k *Ring) locked(why error) error {
	if errors.Is(why, ErrNewer) {
		return why
	}
	e := &LockedError{Why: why}
	if f, err := readRecovery(k.at(recoveryName)); err == nil {
		e.Plan = f.Plan
	}
	return e
}

func readRecovery(path string) (*recovery.File, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return recovery.Parse(b)
}

// wrap writes a copy of the root key for those who can bring it back, if there is anybody.
func (r root) wrap(folder, name string, plan recovery.Plan) error {
	if plan.Empty() {
		return nil
	}
	b := r.secret()
	copies, err := plan.Wrap(b)
	if err != nil {
		return err
	}
	f := recovery.File{Root: r.id(), Plan: plan, Copies: copies}
	return write(folder, name, f.Encode())
}

// keepRecovery sees to it that keys/recovery is of the root key that holds and of those who
// can bring it back now. The caller holds mu and the lock.
func (k *Ring) keepRecovery() error {
	if k.file.plan.Empty() {
		if there, err := exists(k.folder, recoveryName); !there || err != nil {
			return err
		}
		if len(k.file.problems) > 0 {
			return nil // the line that says who may be the one that is damaged
		}
		return k.wipe(recoveryName)
	}
	if k.goodRecovery(recoveryName) {
		return nil
	}
	if k.goodRecovery(nextRecovery) {
		step("rename " + nextRecovery)
		if err := os.Rename(k.at(nextRecovery), k.at(recoveryName)); err != nil {
			return err
		}
		return k.syncFolder()
	}
	r, _, err := readRoot(k.folder)
	if err != nil {
		return err
	}
	return r.wrap(k.folder, recoveryName, k.file.plan)
}

func (k *Ring) goodRecovery(name string) bool {
	f, err := readRecovery(k.at(name))
	return err == nil && f.Root == k.key.root && f.Plan.Equal(k.file.plan)
}

// ErrNoRecovery says that there is no copy of the root key to bring back.
var ErrNoRecovery = errors.New("there is no recovery copy of the root key (keys/recovery): " +
	"nobody was named as its recovery recipient, or the file was lost; look for it in a backup")

// Recovered opens the ring of the store in dir with the recovery copy and identities, in memory:
// nothing on the disk changes until Restore. from is a file with another recovery copy; empty
// for the store's own. It returns also whose identities were used.
func Recovered(dir, from string, ids []recovery.Identity) (*Ring, []recovery.Recipient, error) {
	if err := isStore(dir); err != nil {
		return nil, nil, err
	}
	k := &Ring{folder: folder(dir), borrowed: true}
	names := []string{k.at(nextRecovery), k.at(recoveryName)}
	if from != "" {
		names = []string{from}
	}
	var why error
	for _, name := range names {
		f, err := readRecovery(name)
		if errors.Is(err, fs.ErrNotExist) && from == "" {
			continue
		}
		var by []recovery.Recipient
		if err == nil {
			by, err = k.recover(f, ids)
		}
		if err == nil {
			return k, by, nil
		}
		why = fmt.Errorf("%s: %w", name, err) // that of the store's own copy comes last
	}
	if why == nil {
		why = ErrNoRecovery
	}
	return nil, nil, why
}

// recover opens a copy, and with it whichever ring it is of: the one to come before the one
// there is, as it lacks what was to be destroyed.
func (k *Ring) recover(f *recovery.File, ids []recovery.Identity) ([]recovery.Recipient, error) {
	b, by, err := f.Open(ids)
	if err != nil {
		return nil, err
	}
	r := root{secret: hidden(b)}
	if len(b) != 32 || r.id() != f.Root {
		return nil, recovery.ErrDamaged
	}
	key := newRingKey(r)
	for _, name := range []string{nextRing, ringName} {
		ring, stat, err2 := readRing(key, k.at(name))
		if err2 == nil {
			k.key, k.file, k.promote, k.stat[1] = key, ring, name == nextRing, stat
			return by, nil
		}
		err = err2
	}
	if _, other := errors.AsType[*otherRootError](err); other {
		return nil, errors.New("this recovery copy is of an older root key than the keyring: " +
			"it opens nothing any more; use the keys/recovery that lies beside the keyring")
	}
	return nil, err
}

// Restore puts a new root key in the place of the one that was lost, for a ring that Recovered
// opened. The one that was recovered never touches the disk, and opens nothing afterwards.
func (k *Ring) Restore(home Home) error {
	unlock, err := journal.Lock(filepath.Join(k.folder, lockName))
	if err != nil {
		return err
	}
	defer unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	if err := k.settleRecovered(); err != nil {
		return err
	}
	to := Arrangement{Home: home, Recovery: &k.file.plan}.choose()
	err = k.rotateTo(k.file, to)
	if err != nil && home == Auto && to == InTPM && k.borrowed {
		k.notes = append(k.notes, fmt.Sprintf("the root key is in keys/root, not in the TPM: %v", err))
		err = k.rotateTo(k.file, InFile)
	}
	if err != nil {
		return fmt.Errorf("put a new root key in place: %w", err)
	}
	return nil
}

// isStore refuses a folder in which there never was a store.
func isStore(dir string) error {
	for _, name := range []string{"keys", "format"} {
		if there, err := exists(dir, name); there || err != nil {
			return err
		}
	}
	return fmt.Errorf("%s: %w: `linevault run --data DIR` makes one", dir, ErrNoStore)
}

// ErrNoStore says that a folder is none of ours.
var ErrNoStore = errors.New("this is no Linevault data folder")
