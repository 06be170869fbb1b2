package clerk

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"linevault/codec/pcm"
)

// Figures are a line's calls of one day. Signalled is counted apart from the others: it is the
// highest number that the recorder gave to a call.
type Figures struct {
	Line        pcm.LineID               `json:"line"`
	Name        string                   `json:"name"`
	Department  string                   `json:"department,omitempty"`
	Signalled   int                      `json:"signalled"`
	Recorded    int                      `json:"recorded"`
	Partly      int                      `json:"partly"`
	NotByPolicy int                      `json:"not_by_policy"`
	Lost        int                      `json:"lost"`
	Open        int                      `json:"open"` // going on, or not entered yet
	Unexplained int                      `json:"unexplained"`
	Missing     map[string]time.Duration `json:"-"` // of calls recorded partly, by cause
	Reasons     []Reason                 `json:"reasons,omitempty"`
}

// Reason is why calls of an outcome have it.
type Reason struct {
	Outcome Outcome `json:"outcome"`
	Text    string  `json:"reason"`
	Calls   int     `json:"calls"`
}

// tally is a day of a line as entries come.
type tally struct {
	name, department string
	outcomes         map[Outcome]int
	reasons          map[Reason]int // Calls is 0
	missing          map[string]time.Duration
	highest          map[string]int // by book
}

// day is the tally of a line and day. The caller holds mu.
func (c *Clerk) day(day string, line pcm.LineID) *tally {
	lines := c.days[day]
	if lines == nil {
		lines = map[pcm.LineID]*tally{}
		c.days[day] = lines
	}
	t := lines[line]
	if t == nil {
		t = &tally{outcomes: map[Outcome]int{}, reasons: map[Reason]int{}, missing: map[string]time.Duration{}, highest: map[string]int{}}
		lines[line] = t
	}
	return t
}

func (t *tally) add(e Entry) {
	t.name, t.department = e.Name, e.Department
	t.outcomes[e.Outcome]++
	if e.Reason != "" {
		t.reasons[Reason{Outcome: e.Outcome, Text: e.Reason}]++
	}
	for cause, d := range e.Missing {
		t.missing[cause] += d
	}
	t.highest[e.Book] = max(t.highest[e.Book], e.N)
}

// Day is what became of a day's calls, of every line that is configured or had one, in the order of
// their names.
func (c *Clerk) Day(day string) []Figures {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := map[pcm.LineID]*Figures{}
	highest := map[pcm.LineID]map[string]int{}
	for _, l := range c.lines {
		all[l.ID] = &Figures{Line: l.ID, Name: l.Name, Department: l.Department}
	}
	for id, t := range c.days[day] {
		f := all[id]
		if f == nil {
			f = &Figures{Line: id, Name: cmp.Or(t.name, string(id)), Department: t.department}
			all[id] = f
		}
		f.Recorded, f.Partly = t.outcomes[Recorded], t.outcomes[Partly]
		f.NotByPolicy, f.Lost = t.outcomes[NotByPolicy], t.outcomes[Lost]
		f.Missing = maps.Clone(t.missing)
		for r, n := range t.reasons {
			r.Calls = n
			f.Reasons = append(f.Reasons, r)
		}
		slices.SortFunc(f.Reasons, func(a, b Reason) int {
			return cmp.Or(cmp.Compare(a.Outcome, b.Outcome), b.Calls-a.Calls, cmp.Compare(a.Text, b.Text))
		})
		highest[id] = maps.Clone(t.highest)
	}
	for _, o := range c.open {
		if o.day != day {
			continue
		}
		f := all[o.line]
		if f == nil {
			f = &Figures{Line: o.line, Name: string(o.line)}
			all[o.line] = f
		}
		f.Open++
		if highest[o.line] == nil {
			highest[o.line] = map[string]int{}
		}
		highest[o.line][o.book] = max(highest[o.line][o.book], o.n)
	}
	list := make([]Figures, 0, len(all))
	for id, f := range all {
		for _, n := range highest[id] {
			f.Signalled += n
		}
		f.Unexplained = f.Signalled - f.Recorded - f.Partly - f.NotByPolicy - f.Lost - f.Open
		list = append(list, *f)
	}
	slices.SortFunc(list, func(a, b Figures) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Line, b.Line)) })
	return list
}
