package keys

import (
	"errors"
	"io/fs"
	"os"
	"time"

	"linevault/storage/keys/recovery"
)

// Status is what can be told of a store's keys, also while they are locked.
type Status struct {
	Home     Home           `json:"root"`              // where the root key lives
	Index    string         `json:"tpm_index"`         // in the TPM
	Writes   int            `json:"tpm_writes"`        // to the TPM's memory by this store
	Locked   string         `json:"locked,omitempty"`  // why nothing opens
	RootID   string         `json:"root_id,omitempty"` // names the root key, and tells nothing of it
	Rotated  time.Time      `json:"rotated,omitzero"`  // when the root key took the one before's place
	Plan     recovery.Plan  `json:"recovery"`
	Recovery string         `json:"recovery_fault,omitempty"` // what is wrong with the recovery copy
	Periods  int            `json:"periods"`
	Oldest   Day            `json:"oldest,omitempty"`
	Newest   Day            `json:"newest,omitempty"`
	Ahead    map[string]Day `json:"ahead,omitempty"` // class: the last day that has a key
	Problems []string       `json:"problems,omitempty"`
}

// ReadStatus looks at the keys of the store in dir, and changes nothing. The error of a locked
// store is in the status.
func ReadStatus(dir string) (*Status, error) {
	if err := isStore(dir); err != nil {
		return nil, err
	}
	s := &Status{Home: InFile}
	folder := folder(dir)
	s.readPlace(folder)
	f, recoveryErr := readRecovery(folder + "/" + recoveryName)
	k, err := OpenRing(dir)
	if locked, ok := errors.AsType[*LockedError](err); ok {
		s.Locked = locked.Why.Error()
		s.Plan = locked.Plan
		if recoveryErr != nil {
			s.Recovery = faultOf(recoveryErr)
		}
		return s, nil
	}
	if err != nil {
		return nil, err
	}
	s.RootID, s.Rotated, s.Plan, s.Problems = k.RootID(), k.file.rotated, k.file.plan, k.Problems()
	if !s.Plan.Empty() && (recoveryErr != nil || f.Root != s.RootID || !f.Plan.Equal(s.Plan)) {
		s.Recovery = "it is not of this root key: start the desk, which writes it anew"
		if recoveryErr != nil {
			s.Recovery = faultOf(recoveryErr)
		}
	}
	days, classes := k.Periods()
	s.Periods = len(days)
	for i, day := range days {
		if i == 0 {
			s.Oldest, s.Ahead = day, map[string]Day{}
		}
		s.Newest, s.Ahead[classes[i]] = day, day
	}
	return s, nil
}

func faultOf(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNoRecovery.Error()
	}
	return err.Error()
}

func (s *Status) readPlace(folder string) {
	b, err := os.ReadFile(folder + "/" + rootName)
	if err != nil {
		return
	}
	defer clear(b)
	if p, err := parsePlace(string(b)); err == nil {
		s.Home, s.Index, s.Writes = InTPM, p.index().String(), p.writes
	}
}
