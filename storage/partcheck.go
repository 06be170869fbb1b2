package storage

import (
	"errors"
	"fmt"
	"reflect"
	"slices"

	"linevault/codec/pcm"
	"linevault/storage/seal"
)

// partCheck is a part being checked.
type partCheck struct {
	c     *checker
	p     *storedPart
	r     *partReader
	last  uint64
	ended bool
	head  header
	pos   pcm.Pos
	runs  []Run
	bytes int64
	sound pcm.Pos
	late  []Gap
	hurt  bool // a box before did not open
}

// brokenError is content that breaks another promise than Whole.
type brokenError struct {
	promise Promise
	text    string
}

func (e *brokenError) Error() string { return e.text }

// sameGap leaves out what a gap's words are.
func sameGap(a, b Gap) bool { return a.Span == b.Span }

// box checks one box and reports whether to go on.
func (k *partCheck) box(n uint64) bool {
	content, err := k.r.open(n)
	if err != nil {
		k.c.about(k.p, Whole, segmentOf(err), "%v", err)
		k.hurt = true
		return n > 0 // without the header nothing else can be read
	}
	b, name, err := k.r.sealed(n)
	if err != nil {
		k.c.about(k.p, Whole, name, "part %s, box %d: %v", k.p.id, n, err)
		return false
	}
	k.c.found(k.p.id, k.r.before)
	k.c.r.Boxes++
	k.c.r.Bytes += int64(len(b.Sealed))
	if err := k.content(n, b, content); err != nil {
		broken := Whole
		if b, ok := errors.AsType[*brokenError](err); ok {
			broken = b.promise
		}
		k.c.about(k.p, broken, name, "part %s, box %d: %v", k.p.id, n, err)
		return false
	}
	return true
}

func (k *partCheck) content(n uint64, b SealedBox, content []byte) error {
	want := seal.Sound
	switch {
	case n == 0:
		want = seal.Header
	case n == k.last && k.ended:
		want = seal.Final
	}
	if b.Kind != want || b.Last != (want == seal.Final) {
		return fmt.Errorf("it is of kind %d where kind %d belongs", b.Kind, want)
	}
	if n == 0 {
		var err error
		k.head, err = readHeader(content)
		k.pos = k.head.Call.From
		return err
	}
	runs, span, err := runsOf(k.head.Call.Format, int(n), content, visitor{
		late: func(g Gap) error { k.late = append(k.late, g); return nil },
	})
	if err != nil {
		return err
	}
	if k.hurt {
		k.pos = max(k.pos, span.From)
	}
	if span.From != k.pos {
		return fmt.Errorf("it begins at %d and the box before it ended at %d", span.From, k.pos)
	}
	for i := range runs {
		if runs[i].Span.From != k.pos {
			return &brokenError{NoLeak, fmt.Sprintf("packets and gaps do not tile at %d", k.pos)}
		}
		if g := runs[i].Gap; g != nil && !slices.Contains(causes, g.Cause) {
			return &brokenError{Explained, fmt.Sprintf("the gap at %d has the cause %q, which is none", k.pos, g.Cause)}
		}
		k.pos = runs[i].Span.To
		k.bytes += runs[i].payload
		if runs[i].Gap == nil {
			k.sound += runs[i].Span.Len()
		}
		runs[i].payload = 0 // the index does not have it
	}
	if k.pos != span.To {
		return &brokenError{NoLeak, fmt.Sprintf("packets and gaps do not tile at %d", k.pos)}
	}
	k.runs = append(k.runs, runs...)
	if want == seal.Final && !k.hurt {
		return k.final(content)
	}
	return nil
}

// final compares what the last box says with what the boxes hold.
func (k *partCheck) final(content []byte) error {
	f, index, err := readFinal(k.head.Call.Format, content)
	switch {
	case err != nil:
		return err
	case f.End.At != k.pos || f.From != k.head.Call.From:
		return fmt.Errorf("the end says %d..%d and the boxes %d..%d", f.From, f.End.At, k.head.Call.From, k.pos)
	case f.Recorded != k.sound || f.Payload != k.bytes:
		return errors.New("the end's totals are not those of the boxes")
	case f.Call.ID != k.head.Call.ID || f.Number != k.head.Number:
		return errors.New("the end is of another call than the header")
	case !slices.EqualFunc(f.Late, k.late, sameGap):
		return &brokenError{NoLeak, "the end does not withhold what the boxes say that a late pause covers"}
	case len(index) != len(k.runs):
		return fmt.Errorf("the end has %d runs and the boxes %d", len(index), len(k.runs))
	}
	for i := range index {
		if !reflect.DeepEqual(index[i], k.runs[i]) {
			return fmt.Errorf("run %d of the end is not that of the boxes", i)
		}
	}
	return nil
}
