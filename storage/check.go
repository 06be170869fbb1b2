package storage

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"linevault/storage/keys"
	"linevault/storage/seal"
	"linevault/storage/segment"
)

// CheckOptions are what a check may be told.
type CheckOptions struct {
	// Progress is called after each part and segment; nil for nobody.
	Progress func(done, total int)
	// Entered is what the ledger has of parts that have ended; package evidence reads it.
	Entered map[seal.PartID]*Entered
}

// Report is what a check found. What is not a problem is counted all the same.
type Report struct {
	Calls       int       `json:"calls"`
	Parts       int       `json:"parts"`
	Boxes       int       `json:"boxes"`
	Bytes       int64     `json:"bytes"`       // of sealed boxes
	Segments    int       `json:"segments"`    // without those that a recorder writes
	Live        int       `json:"live"`        // parts being recorded
	Interrupted int       `json:"interrupted"` // calls that a crash or power cut ended
	Orphans     int       `json:"orphans"`     // keys of parts of which no box came to the disk: a crash leaves them
	Annotations int       `json:"annotations"`
	Temps       int       `json:"temps"` // segments never finished being made: a crash leaves them
	Late        int       `json:"late"`  // spans that a late pause covers: withheld, and still there until they are purged
	Problems    []Problem `json:"problems"`
	// Listing is how far the catalogue has come where it is being made anew: what it does not have
	// yet is no problem.
	Listing *Progress `json:"listing,omitempty"`
	// Promises is what Verdicts says, for whoever writes the report down.
	Promises []Verdict `json:"promises,omitempty"`
}

// OK reports whether nothing is wrong.
func (r *Report) OK() bool { return len(r.Problems) == 0 }

// Add adds a problem that breaks a promise.
func (r *Report) Add(breaks Promise, name, format string, a ...any) {
	r.Problems = append(r.Problems, Problem{Segment: name, Text: fmt.Sprintf(format, a...), Breaks: breaks})
}

// about adds a problem of a call, which is empty where it is not known.
func (r *Report) about(call CallID, breaks Promise, name, format string, a ...any) {
	r.Add(breaks, name, format, a...)
	r.Problems[len(r.Problems)-1].Call = call
}

func (r *Report) add(name, format string, a ...any) { r.Add(Whole, name, format, a...) }

// Check opens every box of the store in dir and proves what storage/DESIGN.md promises: each
// part's chain holds, packets and gaps tile it, its end agrees with its boxes, its key is
// there; each segment is sound. It changes nothing. Its error says that it could not check.
func Check(dir string, live Live, o CheckOptions) (*Report, error) {
	s, err := open(dir, live, fromBoxes)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	r := &Report{Problems: []Problem{}}
	c := &checker{s: s, r: r, entered: o.Entered}
	s.mu.Lock()
	for _, p := range s.parts {
		c.parts = append(c.parts, p)
	}
	s.mu.Unlock()
	slices.SortFunc(c.parts, func(a, b *storedPart) int { return strings.Compare(a.id.String(), b.id.String()) })
	segments, temps, _, err := segment.List(filepath.Join(dir, segmentsDir))
	if err != nil {
		return nil, folderError(dir, err)
	}
	r.Temps, r.Parts = len(temps), len(c.parts)
	step := func(i int) {
		if o.Progress != nil {
			o.Progress(i, len(c.parts)+len(segments))
		}
	}
	for i, p := range c.parts {
		c.part(p)
		step(i + 1)
	}
	for i, name := range segments {
		c.segment(name)
		step(len(c.parts) + i + 1)
	}
	c.calls()
	c.catalogue(live)
	c.durable()
	if err := c.keys(); err != nil {
		return nil, err
	}
	if err := c.annotations(); err != nil {
		return nil, err
	}
	if err := c.expiredKeys(); err != nil {
		return nil, err
	}
	// What Open found, without what was found again more exactly.
	for _, p := range s.Problems() {
		if p.Breaks == 0 {
			p.Breaks = Whole
		}
		same := func(q Problem) bool { return p.Segment == q.Segment && p.Text == q.Text && p.Breaks == q.Breaks }
		if !slices.ContainsFunc(r.Problems, same) {
			r.Problems = append(r.Problems, p)
		}
	}
	slices.SortStableFunc(r.Problems, func(a, b Problem) int { return cmp.Compare(a.Segment, b.Segment) })
	return r, nil
}

type checker struct {
	s       *Store
	r       *Report
	parts   []*storedPart
	entered map[seal.PartID]*Entered // without what was found
}

// part opens every box of a part.
func (c *checker) part(p *storedPart) {
	total, ended := p.extent()
	if p.live != nil && !p.live.Ended {
		c.r.Live++
	}
	r, err := c.s.reader(p.id, nil)
	if err != nil {
		return // Open has said so
	}
	defer r.close()
	r.refresh = true
	k := partCheck{c: c, p: p, r: r, last: total - 1, ended: ended}
	for n := range total {
		if !k.box(n) {
			break
		}
	}
	c.r.Late += len(k.late)
}

// segment checks a segment that no recorder writes.
func (c *checker) segment(name string) {
	sound := true
	err := c.s.files.use(name, func(r *segment.Reader) error {
		r.Verify(func(err error) {
			sound = false
			c.r.add(name, "%s", sentence(err))
		})
		return nil
	})
	if errors.Is(err, segment.ErrLive) {
		return
	}
	c.r.Segments++
	if err != nil || !sound {
		return // Open has said so
	}
	if err := segment.CheckPages(filepath.Join(c.s.dir, segmentsDir), name); err != nil {
		c.r.add(name, "%s", sentence(err))
	}
}

// calls checks that the parts of each call follow each other.
func (c *checker) calls() {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	c.r.Calls = len(c.s.calls)
	for _, id := range slices.Sorted(maps.Keys(c.s.calls)) {
		if c.s.row(id).Why == Interrupted {
			c.r.Interrupted++
		}
		var before *storedPart
		for _, p := range c.s.calls[id] {
			switch {
			case before == nil && p.head.Number != 0,
				before != nil && p.head.Number != before.head.Number+1:
				c.r.about(id, Whole, p.place1(), "call %s: the part before part %s is missing", id, p.id)
			case before != nil && p.span.From != before.span.To:
				c.r.about(id, Whole, p.place1(), "call %s: part %s does not begin where the part before it ends", id, p.id)
			}
			before = p
		}
	}
}

// keys counts the keys whose parts are nowhere, and reports damage of the key files.
func (c *checker) keys() error {
	files, err := keys.Files(c.s.dir)
	if err != nil {
		return folderError(c.s.dir, err)
	}
	have := map[seal.PartID]bool{}
	for _, p := range c.parts {
		have[p.id] = true
	}
	for p := range files {
		m, err := keys.ReadPartFile(c.s.dir, p.Class, p.Day)
		if err != nil {
			c.r.add("", "key file of %s: %v", p, err)
			continue
		}
		for id, l := range m {
			if !have[id] && !keys.Destroyed(l) {
				c.r.Orphans++
			}
		}
	}
	return nil
}

// expiredKeys sees that no key is left of a period that the last run of retention should have
// destroyed.
func (c *checker) expiredKeys() error {
	var r retained
	if known, err := c.s.retained().read(&r); err != nil || !known {
		return err
	}
	byClass := map[string]Policy{}
	for _, p := range r.Policies {
		byClass[p.Class] = p
	}
	days, classes := c.s.ring.Periods()
	for i := range days {
		p, q := byClass[classes[i]], keys.Period{Class: classes[i], Day: days[i]}
		if p.AtMost.N == 0 || r.LastRun.Before(p.over(dayEnd(q.Day))) || slices.Contains(r.Kept, q) ||
			q.Day >= keys.DayOf(r.LastRun.UTC().AddDate(0, 0, -1)) {
			continue
		}
		c.r.Add(Forgotten, "", "period %s is past its term since before %s and has a key: run `linevault retention run`",
			q, r.LastRun.Format(time.DateOnly))
	}
	return nil
}
