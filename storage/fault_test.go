package storage

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"linevault/codec/pcm"
)

// A segment that breaks under the recorder costs what was in it; recording goes on in another.
func TestBrokenSegment(t *testing.T) {
	dir := t.TempDir()
	if err := Create(dir, []string{"standard"}); err != nil {
		t.Fatal(err)
	}
	told := 0
	now := time.Now() // and it stays, so that all is in one segment
	w, err := OpenWriter(dir, WriterOptions{Now: func() time.Time { return now }, OnProblem: func(err error) { told++; t.Log(err) }})
	if err != nil {
		t.Fatal(err)
	}
	begin := func() *crashLine {
		l := &crashLine{w: w}
		c := Call{ID: NewCallID(time.Now()), Class: "standard", Format: pcm.Format{Rate: 8000, Legs: 2}}
		if l.r, err = w.Begin(c); err != nil {
			t.Fatal(err)
		}
		return l
	}
	second := func(l *crashLine) {
		for range 17 {
			if err := l.instant(); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.r.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	before := begin()
	for range 5 {
		second(before)
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	names, err := filepath.Glob(filepath.Join(dir, segmentsDir, "*.seg"))
	if err != nil || len(names) != 1 {
		t.Fatal(names, err)
	}
	if err := os.Truncate(names[0], 8192); err != nil {
		t.Fatal(err)
	}
	after := begin()
	for range 5 {
		second(before)
		second(after)
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	if told == 0 {
		t.Error("nobody was told")
	}
	for _, l := range []*crashLine{before, after} {
		if err := l.r.Finish(End{At: l.pos, Why: HungUp}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	row, err := s.Find(after.r.ID())
	if err != nil || row.Damaged || row.Length != 5*17*60*time.Millisecond || len(row.Gaps) > 0 {
		t.Errorf("the call after: %+v, %v", row, err)
	}
	// The header was in the broken one: the final box stands in for it.
	row, err = s.Find(before.r.ID())
	if err != nil || !row.Damaged || row.Why != HungUp || row.Length != 10*17*60*time.Millisecond {
		t.Errorf("the call before: %+v, %v", row, err)
	}
	p, err := s.Play(before.r.ID())
	if err != nil {
		t.Fatal(err)
	}
	packets := 0
	for {
		k, _, err := p.Next()
		if err != nil {
			break
		}
		if k != nil {
			packets++
		}
	}
	if packets < 3*17*2 {
		t.Errorf("%d packets play", packets)
	}
}
