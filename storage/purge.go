package storage

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"linevault/codec/pcm"
	"linevault/storage/keys"
	"linevault/storage/ledger"
	"linevault/storage/seal"
	"linevault/storage/segment"
)

// ErrStillLive is a call that cannot be purged or erased yet.
var ErrStillLive = errors.New("the call is still being recorded: try again when it has ended")

// ErrOnHold is something that a legal hold keeps.
var ErrOnHold = errors.New("the call is under legal hold: release the hold first, which takes two people")

// PurgeSpan destroys what was said in a call from one time to another, counted from its start,
// and a little around it: whole packets go, and those within 20 ms. The rest of the call plays
// as before; the gap says who and why. By the time it returns, nothing on the box opens what
// was there, and there is a certificate.
//
// A purge may touch a call under legal hold: card data must not be kept for any reason.
func (s *Store) PurgeSpan(id CallID, from, to time.Duration, by, reason string, book *ledger.Ledger) (*Certificate, error) {
	if err := checkPurge(from, to, by, reason); err != nil {
		return nil, err
	}
	return s.destroyParts(job{Kind: Purge, Call: id, From: from, To: to, By: by, Reason: reason}, book)
}

// ErrNothingThere is a span that no sound of the call lies in.
var ErrNothingThere = errors.New("nothing of the call is there")

func checkPurge(from, to time.Duration, by, reason string) error {
	if from < 0 || to <= from {
		return fmt.Errorf("a span from %v to %v: it must end after it begins, and begin at 0 or later", from, to)
	}
	if by == "" || reason == "" {
		return errors.New("a purge needs to say who asks for it and why")
	}
	return nil
}

// EraseCall destroys a whole call before its time, which takes two people: one who asks and
// another who approves.
func (s *Store) EraseCall(id CallID, by, reason, approved string, book *ledger.Ledger) (*Certificate, error) {
	switch {
	case by == "" || reason == "" || approved == "":
		return nil, errors.New("an erasure needs to say who asks for it, why, and who approves")
	case SamePerson(by, approved):
		return nil, ErrSamePerson
	}
	return s.destroyParts(job{Kind: Erasure, Call: id, By: by, Reason: reason, Approved: approved}, book)
}

// destroyParts runs a job on parts of one call.
func (s *Store) destroyParts(j job, book *ledger.Ledger) (*Certificate, error) {
	j.ID = string(NewCallID(time.Now()))
	j.Begun = time.Now().UTC().Truncate(time.Second)
	j.Calls = 1
	err := s.destroying(book, func() error {
		if err := s.Refresh(); err != nil {
			return err
		}
		if err := s.choose(&j); err != nil {
			return fmt.Errorf("call %s: %w", j.Call, err)
		}
		if err := s.job().write(&j); err != nil {
			return err
		}
		return s.run(&j, book)
	})
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(certificatePath(s.dir, j.ID))
	if err != nil {
		return nil, err
	}
	return ParseCertificate(b, CertificateKey(s.ring))
}

// choose finds the parts that a job is about.
func (s *Store) choose(j *job) error {
	row, err := s.Find(j.Call)
	if err != nil {
		return err
	}
	if row.Live {
		return ErrStillLive
	}
	if j.Kind == Erasure {
		held, err := s.held(j.Call)
		if err != nil {
			return err
		}
		if held {
			return ErrOnHold
		}
	}
	f := row.Call.Format
	s.mu.Lock()
	awake, err := s.wake(j.Call)
	if err != nil || len(awake) == 0 {
		s.mu.Unlock()
		return cmp.Or(err, ErrNoCall)
	}
	parts := append([]*storedPart(nil), awake...)
	whole := pcm.Span{From: parts[0].span.From, To: parts[len(parts)-1].span.To}
	spans := make([]pcm.Span, len(parts))
	for i, p := range parts {
		spans[i] = p.span
	}
	s.mu.Unlock()
	j.Cut = whole
	if j.Kind == Purge {
		j.Cut = pcm.Span{From: whole.From + f.Samples(j.From), To: whole.From + f.Samples(j.To)}.Intersect(whole)
		j.To = min(j.To, f.Duration(whole.Len())) // the certificate says what is gone, and no more
		if j.Cut.Empty() {
			return fmt.Errorf("it is %v long and has nothing from %v to %v: %w", f.Duration(whole.Len()), j.From, j.To, ErrNothingThere)
		}
	}
	more := f.Samples(carry)
	wide := pcm.Span{From: j.Cut.From - more, To: j.Cut.To + more}
	for i, p := range parts {
		if j.Kind == Purge && spans[i].Intersect(wide).Empty() {
			continue
		}
		v, err := s.victim(p)
		if err != nil {
			return err
		}
		if j.Kind == Purge {
			v.Remade = seal.NewPartID()
		}
		j.Victims = append(j.Victims, v)
	}
	return nil
}

// madeFrom is where the numbers of segments begin that hold one remade part.
const madeFrom = 900 * segment.DeskFrom

// madeName is a name for a segment with a remade part, such as there was none before: a reader
// looks at each name once.
func (s *Store) madeName(p keys.Period) (segment.Name, error) {
	n := segment.Name{Day: string(p.Day), Class: p.Class, Seq: madeFrom + rand.IntN(segment.DeskFrom-1) + 1}
	if _, err := os.Lstat(filepath.Join(s.dir, segmentsDir, n.String())); err == nil {
		return n, fmt.Errorf("segment %s is there already: try again", n)
	}
	return n, nil
}

// victim notes what the self-test wants to know of a part.
func (s *Store) victim(p *storedPart) (victim, error) {
	v := victim{Part: p.id, Period: keys.Period{Class: p.period.class, Day: p.period.day}}
	s.mu.Lock()
	v.Boxes, _ = p.extent()
	s.mu.Unlock()
	var err error
	if v.Locked, err = s.lockedKey(p.id, p.period); err != nil {
		return v, err
	}
	r, err := s.readerOf(p)
	if err != nil {
		return v, err
	}
	defer r.close()
	if b, _, err := r.sealed(0); err == nil { // a header that is damaged opens for nobody
		v.Box = b.Sealed
	}
	return v, nil
}
