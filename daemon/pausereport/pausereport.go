// Package pausereport counts how pauses were asked for: for each line and each source how many
// there were, how long they took to arrive, and which came late, lasted too long or were missed.
package pausereport

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"linevault/storage"
)

// Figures are of one line, of one source, or of all.
type Figures struct {
	Name   string            `json:"name"`
	Kind   storage.AskedKind `json:"kind,omitempty"` // of a source
	Line   string            `json:"line,omitempty"` // of a line, its ID
	Calls  int               `json:"calls"`          // with a pause or a missed one
	Pauses int               `json:"pauses"`
	Late   int               `json:"late"`   // they came when something had been recorded
	Long   int               `json:"long"`   // they outlasted their limit
	Missed int               `json:"missed"` // payments or digits of a card, and no pause
	// How long pauses took from when they should have begun until they reached the line.
	Mean time.Duration `json:"mean"`
	P95  time.Duration `json:"p95"`
	Most time.Duration `json:"most"`
	// LateTime is what had been recorded when late pauses came.
	LateTime time.Duration `json:"late_time"`

	took []time.Duration
	call storage.CallID // the last that was counted
}

// Report is a time's pauses.
type Report struct {
	Calls   int       `json:"calls"` // of any kind
	Lines   []Figures `json:"lines"`
	Sources []Figures `json:"sources"`
	Total   Figures   `json:"total"`
	// What became of sound that should not have been kept.
	Withheld    int `json:"withheld"`    // gaps that wait for their call to end
	Quarantined int `json:"quarantined"` // that wait for a person
	Destroyed   int `json:"destroyed"`   // that were purged
}

// Counter makes a Report of calls.
type Counter struct {
	report  Report
	lines   map[string]*Figures
	sources map[string]*Figures
}

// New is a counter that has seen no call.
func New() *Counter {
	return &Counter{lines: map[string]*Figures{}, sources: map[string]*Figures{}}
}

// Add counts a call.
func (c *Counter) Add(row storage.Row) {
	c.report.Calls++
	for _, g := range row.Gaps {
		switch g.Cause {
		case storage.Withheld:
			c.report.Withheld++
		case storage.Quarantined:
			c.report.Quarantined++
		case storage.Purged:
			c.report.Destroyed++
		}
	}
	for _, a := range row.Pauses {
		line := c.lines[string(row.Line)]
		if line == nil {
			line = &Figures{Name: cmp.Or(row.Name, string(row.Line)), Line: string(row.Line)}
			c.lines[string(row.Line)] = line
		}
		source := c.sources[a.By]
		if source == nil {
			source = &Figures{Name: a.By, Kind: a.Kind}
			c.sources[a.By] = source
		}
		for _, f := range []*Figures{line, source, &c.report.Total} {
			f.add(row.ID, a)
		}
	}
}

func (f *Figures) add(call storage.CallID, a storage.Asked) {
	if f.call != call {
		f.call, f.Calls = call, f.Calls+1
	}
	if a.Missed {
		f.Missed++
		return
	}
	f.Pauses++
	f.took = append(f.took, a.Latency)
	if a.Late > 0 {
		f.Late++
		f.LateTime += a.Late
	}
	if a.Long {
		f.Long++
	}
}

// finish works out what is known only at the end.
func (f *Figures) finish() Figures {
	if n := len(f.took); n > 0 {
		slices.Sort(f.took)
		var sum time.Duration
		for _, d := range f.took {
			sum += d
		}
		f.Mean, f.P95, f.Most = sum/time.Duration(n), f.took[(n*95+99)/100-1], f.took[n-1]
	}
	done := *f
	done.took, done.call = nil, ""
	return done
}

// Report is what was counted: lines and sources by name.
func (c *Counter) Report() Report {
	r := c.report
	r.Lines, r.Sources, r.Total = sorted(c.lines), sorted(c.sources), c.report.Total.finish()
	return r
}

func sorted(of map[string]*Figures) []Figures {
	all := []Figures{}
	for _, k := range slices.Sorted(maps.Keys(of)) {
		all = append(all, of[k].finish())
	}
	slices.SortStableFunc(all, func(a, b Figures) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// Of counts all calls of a store that a query finds.
func Of(s *storage.Store, q storage.Query) (Report, error) {
	c := New()
	q.Limit, q.NoTotal = 1000, true
	for {
		page, err := s.Calls(q)
		if err != nil {
			return Report{}, err
		}
		for _, row := range page.Rows {
			c.Add(row)
		}
		if q.Before = page.Next; page.Next == "" {
			return c.Report(), nil
		}
	}
}
