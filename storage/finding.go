package storage

import (
	"fmt"
	"slices"

	"linevault/storage/seal"
)

// settle compares what was found in a segment with what was known of it, tells the difference,
// and lists the calls as damaged or no longer so.
func (s *Store) settle(at *Scrubbed, name string, found []Finding, o ScrubOptions) error {
	same := func(f Finding) func(Finding) bool {
		return func(g Finding) bool { return f.Segment == g.Segment && f.Part == g.Part && f.Text == g.Text }
	}
	var known []Finding
	for _, f := range at.Findings {
		switch {
		case f.Segment != name:
			known = append(known, f)
		case slices.ContainsFunc(found, same(f)):
			known = append(known, f)
		default:
			if o.Gone != nil {
				if err := o.Gone(f); err != nil {
					return err
				}
			}
			s.sound(f)
		}
	}
	for _, f := range found {
		if slices.ContainsFunc(known, same(f)) {
			continue
		}
		if o.Found != nil {
			if err := o.Found(f); err != nil {
				return err
			}
		}
		s.damaged(f)
		known = append(known, f)
	}
	at.Findings = known
	return nil
}

func (f Finding) about() string { return "scrub " + f.Segment + " " + f.Part.String() + " " + f.Text }

// damaged lists what a finding is about as damaged.
func (s *Store) damaged(f Finding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.problems[f.about()] = Problem{Segment: f.Segment, Call: f.Call, Text: fmt.Sprintf("%s (found on %s by reading again what is stored)",
		f.Text, f.Since.Local().Format("2 January 2006"))}
	s.mark(f, true)
}

// sound takes back what damaged did.
func (s *Store) sound(f Finding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.problems, f.about())
	s.mark(f, false)
}

// mark notes whether a finding's part is damaged. The caller holds mu.
func (s *Store) mark(f Finding, damaged bool) {
	if f.Part == (seal.PartID{}) {
		return
	}
	if s.parts[f.Part] == nil {
		s.wakeSegment(f.Segment)
	}
	p := s.parts[f.Part]
	if p == nil || !p.listed || p.summary.damaged == damaged {
		return
	}
	p.summary.damaged = damaged
	s.list(p)
	s.index()
}

// recallFindings lists as damaged what earlier scrubs found.
func (s *Store) recallFindings() {
	at, err := s.Scrubbed()
	if err != nil {
		s.problem("scrub", Problem{Text: err.Error()})
		return
	}
	for _, f := range at.Findings {
		s.damaged(f)
	}
}
