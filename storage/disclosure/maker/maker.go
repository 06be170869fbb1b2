// Package maker makes disclosure packs out of a store.
package maker

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"linevault/codec"
	"linevault/storage"
	"linevault/storage/checkpoint"
	"linevault/storage/disclosure"
	"linevault/storage/durable"
	"linevault/storage/evidence"
	"linevault/storage/ledger"
	"linevault/storage/sound"
)

// Maker makes packs. It belongs to one goroutine.
type Maker struct {
	Store       *storage.Store
	Book        *ledger.Ledger
	Register    *evidence.Register
	Checkpoints *evidence.Checkpoints
	Software    string
	Now         func() time.Time
	// Progress is told how many bytes of sound of how many are decoded, which is what takes long;
	// nil for nobody.
	Progress func(done, total int64)
}

// ErrLive is a call that is still being recorded.
var ErrLive = errors.New("this call is still being recorded; it can be disclosed when it has ended")

// ErrDamaged is a call of which the sealed boxes cannot all be read, so that its ledger entry
// cannot be shown to be of them.
var ErrDamaged = errors.New("a part of this call is damaged: `linevault check` says where; no pack can prove it, " +
	"and `linevault export` writes what can be played")

// Make enters the disclosure of a call in the ledger and then writes its pack to the file out,
// whole or not at all, and returns what anybody finds who verifies it.
func (k *Maker) Make(id storage.CallID, r disclosure.Request, out string) (*disclosure.Result, error) {
	return k.make(id, r, func(contents []disclosure.Content, key checkpoint.PublicKey) (*disclosure.Result, error) {
		return write(out, contents, key)
	})
}

// MakeIn is Make into a file that is open, such as one that exists in memory only.
func (k *Maker) MakeIn(id storage.CallID, r disclosure.Request, out *os.File) (*disclosure.Result, error) {
	return k.make(id, r, func(contents []disclosure.Content, key checkpoint.PublicKey) (*disclosure.Result, error) {
		if err := disclosure.Write(out, contents); err != nil {
			return nil, err
		}
		return verify(out, key)
	})
}

func (k *Maker) make(id storage.CallID, r disclosure.Request, put func([]disclosure.Content, checkpoint.PublicKey) (*disclosure.Result, error)) (*disclosure.Result, error) {
	row, err := k.Store.Find(id)
	if err != nil {
		return nil, err
	}
	if row.Live {
		return nil, ErrLive
	}
	entered, parts, err := k.parts(id, row.Parts)
	if err != nil {
		return nil, err
	}
	play, err := k.Store.Play(id)
	if err != nil {
		return nil, damaged(err)
	}
	defer play.Close()
	for i := range play.Runs() {
		if err := play.Sound(i, func(codec.Packet) error { return nil }); err != nil {
			return nil, damaged(err)
		}
	}
	m := k.manifest(play, parts, r)
	contents, err := k.vouched(m, play)
	if err != nil {
		return nil, err
	}
	manifest, err := m.Encode()
	if err != nil {
		return nil, err
	}
	file := disclosure.Bytes(disclosure.NameManifest, manifest)
	index, err := k.Book.Append(ledger.Event{
		At: m.Made, Kind: disclosure.KindDisclosure, Who: r.By, Call: string(id), Purpose: r.Purpose, Reference: r.Reference,
		Data: m.Entry(file.SHA256),
	})
	if err != nil {
		return nil, err
	}
	proofs, signed, err := k.prove(append(entered, index))
	if err != nil {
		return nil, err
	}
	contents = []disclosure.Content{
		contents[0], contents[1], file, contents[2], contents[3],
		disclosure.Bytes(disclosure.NameLedger, proofs), disclosure.Bytes(disclosure.NameCheckpoint, signed),
		disclosure.Bytes(disclosure.NameKey, []byte(m.Key+"\n")),
	}
	return put(contents, checkpoint.PublicKey(m.Key))
}

func damaged(err error) error {
	if _, is := errors.AsType[*storage.DamagedError](err); is {
		return fmt.Errorf("%w (%w)", ErrDamaged, err)
	}
	return err
}

// parts are the parts of a call, and the numbers of their ledger entries.
func (k *Maker) parts(id storage.CallID, want int) (entries []int64, parts []disclosure.Part, err error) {
	_, entering := k.Register.Enter() // what it could not enter matters if it is of this call
	for _, part := range k.Store.Ended(id) {
		kept, err := k.Store.Kept(part)
		if err != nil {
			return nil, nil, damaged(err)
		}
		p := evidence.PartOf(kept)
		index, err := k.Register.Find(p)
		if err != nil {
			return nil, nil, errors.Join(err, entering)
		}
		entries, parts = append(entries, index), append(parts, p)
	}
	if len(parts) != want {
		return nil, nil, ErrLive
	}
	return entries, parts, nil
}

func (k *Maker) manifest(play *storage.Playback, parts []disclosure.Part, r disclosure.Request) *disclosure.Manifest {
	row, span := play.Row(), play.Span()
	m := &disclosure.Manifest{
		Format: disclosure.Format, Software: k.Software, Made: k.Now().UTC(), Key: string(k.Checkpoints.PublicKey()),
		Request: r, Parts: parts, Gaps: []disclosure.Gap{},
		Call: disclosure.Call{
			ID: string(row.Call.ID), Line: string(row.Line), Name: row.Name, Department: row.Department,
			LineNumber: string(row.LineNumber), FarNumber: string(row.FarNumber), Direction: string(row.Direction),
			Start: row.Start.UTC(), From: int64(span.From), To: int64(span.To), Rate: row.Format.Rate, Legs: row.Format.Legs,
			End: string(row.Why), Software: row.Software, Demo: row.Demo,
			Clock: disclosure.Clock{Source: row.Clock.Source, Offset: row.Clock.Offset, Uncertainty: row.Clock.Uncertainty},
		},
	}
	for _, g := range row.Gaps {
		m.Gaps = append(m.Gaps, evidence.GapOf(g))
	}
	return m
}

// vouched is what the manifest vouches for, which it learns: two statements and the sound.
func (k *Maker) vouched(m *disclosure.Manifest, play *storage.Playback) ([]disclosure.Content, error) {
	text, page, err := m.Statements()
	if err != nil {
		return nil, err
	}
	contents := []disclosure.Content{disclosure.Bytes(disclosure.NameStatement, text), disclosure.Bytes(disclosure.NamePage, page)}
	var done int64
	for _, f := range []struct {
		name string
		open func() (io.Reader, error)
	}{
		{disclosure.NameOgg, func() (io.Reader, error) { return sound.NewOgg(play) }},
		{disclosure.NameWAV, func() (io.Reader, error) { return k.decoded(play, &done) }},
	} {
		c, err := disclosure.Measure(f.name, f.open)
		if err != nil {
			return nil, damaged(err)
		}
		contents = append(contents, c)
	}
	for _, c := range contents {
		m.Files = append(m.Files, c.File())
	}
	return contents, nil
}

// prove signs the ledger and proves that it holds the entries.
func (k *Maker) prove(entries []int64) (proofs, signed []byte, err error) {
	if signed, err = k.Checkpoints.Sign(k.Now()); err != nil {
		return nil, nil, err
	}
	c, err := checkpoint.Open(signed, k.Checkpoints.PublicKey())
	if err != nil {
		return nil, nil, err
	}
	p := disclosure.Proofs{Size: c.Tree.N}
	for _, index := range entries {
		record, err := k.Book.Record(index)
		if err != nil {
			return nil, nil, err
		}
		proof, err := k.Book.ProveRecord(c.Tree.N, index)
		if err != nil {
			return nil, nil, err
		}
		p.Entries = append(p.Entries, disclosure.Proof{Index: index, Record: record, Hashes: hashes(proof)})
	}
	proofs, err = p.Encode()
	return proofs, signed, err
}

func hashes(proof tlog.RecordProof) [][]byte {
	list := make([][]byte, len(proof))
	for i, h := range proof {
		list[i] = h[:]
	}
	return list
}

// write writes a pack under another name first, and verifies it before it gets its own.
func write(out string, contents []disclosure.Content, key checkpoint.PublicKey) (*disclosure.Result, error) {
	var found *disclosure.Result
	err := durable.Fill(out, 0o600, func(f *os.File) error {
		err := disclosure.Write(f, contents)
		if err == nil {
			found, err = verify(f, key)
		}
		return err
	})
	return found, err
}

func verify(f *os.File, key checkpoint.PublicKey) (*disclosure.Result, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	found, err := disclosure.Verify(f, info.Size(), key)
	if err == nil && !found.OK() {
		err = fmt.Errorf("the pack that was written does not hold: %s", found.Problems[0])
	}
	return found, err
}
