package storage

import (
	"slices"
	"time"

	"linevault/codec/pcm"
	"linevault/storage/keys"
	"linevault/storage/seal"
)

// job is a destruction under way, kept sealed from before its first step until its
// certificate and its entry in the ledger are there: a crash at any step is made good by
// doing all again from the job.
type job struct {
	ID       string          `json:"id"`
	Kind     DestructionKind `json:"kind"`
	Call     CallID          `json:"call,omitempty"`
	From     time.Duration   `json:"from,omitempty"`
	To       time.Duration   `json:"to,omitempty"`
	Cut      pcm.Span        `json:"cut,omitzero"`
	By       string          `json:"by"`
	Reason   string          `json:"reason"`
	Approved string          `json:"approved,omitempty"`
	Begun    time.Time       `json:"begun"`
	Victims  []victim        `json:"victims,omitempty"`
	Periods  []keys.Period   `json:"periods,omitempty"` // of an expiry
	Sample   []victim        `json:"sample,omitempty"`  // of them, for the self-test
	Calls    int             `json:"calls"`
}

// victim is a part that goes.
type victim struct {
	Part   seal.PartID `json:"part"`
	Period keys.Period `json:"period"`
	Boxes  uint64      `json:"boxes"`
	// Remade is the part that has what is kept of it, in a segment of its own. Zero: none.
	Remade  seal.PartID `json:"remade"`
	Segment string      `json:"segment,omitempty"`
	// What the self-test tries to open: the part's locked key and its first box.
	Locked seal.Locked `json:"locked"`
	Box    []byte      `json:"box"`
}

func (s *Store) job() state { return stateFile(s.dir, "job", s.ring) }

// comingParts are the parts that a destruction under way is making.
func (s *Store) comingParts() (map[seal.PartID]bool, error) {
	var j job
	there, err := s.job().read(&j)
	if err != nil || !there {
		return nil, err
	}
	coming := map[seal.PartID]bool{}
	for _, v := range j.Victims {
		coming[v.Remade] = true
	}
	return coming, nil
}

// victimPeriods are the periods of the job's parts.
func (j *job) victimPeriods() []keys.Period {
	var list []keys.Period
	for _, v := range j.Victims {
		if !slices.Contains(list, v.Period) {
			list = append(list, v.Period)
		}
	}
	return list
}
