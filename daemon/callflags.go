package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"linevault/daemon/config"
	"linevault/daemon/control"
	"linevault/storage"
)

// callFlags are the flags that choose calls.
type callFlags struct {
	line, number, begins, ends, far, department, direction, from, to string
	longer, shorter                                                  time.Duration
	result, why, class, gap, agent, purpose, flag, note, kind        string
	rating, ratingAtMost                                             int
	held                                                             bool
}

func (f *callFlags) add(c *cobra.Command) {
	v := c.Flags()
	v.StringVar(&f.line, "line", "", "only calls of this `line`")
	v.StringVar(&f.number, "number", "", "with these `digits` in either number")
	v.StringVar(&f.far, "far", "", "with this `number` of the other party, whole")
	v.StringVar(&f.begins, "begins", "", "whose other party's number begins with these `digits`")
	v.StringVar(&f.ends, "ends", "", "whose other party's number ends with these `digits`")
	v.StringVar(&f.from, "from", "", "from this `day` on, such as 2026-11-22, or \"2026-11-22 14:30\"")
	v.StringVar(&f.to, "to", "", "up to this `day`, or minute, which is included")
	v.StringVar(&f.department, "department", "", "of this `department`")
	v.StringVar(&f.direction, "direction", "", "`in` or out")
	v.DurationVar(&f.longer, "longer", 0, "of this `length` at least, such as 90s")
	v.DurationVar(&f.shorter, "shorter", 0, "of this `length` at most")
	v.StringVar(&f.result, "result", "", "`recorded`, partly, nothing or live")
	v.StringVar(&f.why, "end", "", "that ended for this `reason`, such as \"hung up\" or interrupted")
	v.StringVar(&f.class, "class", "", "of this retention `class`")
	v.StringVar(&f.gap, "gap", "", "with a gap of this `cause`, or any: paused, stopped, lost, damaged, withheld, purged")
	v.StringVar(&f.agent, "agent", "", "of this `agent` or extension")
	v.StringVar(&f.purpose, "purpose", "", "that were about `this`")
	v.StringVar(&f.flag, "flag", "", "flagged with these `words`, or any")
	v.IntVar(&f.rating, "rating", 0, "rated with these `stars` or more, 1 to 5")
	v.IntVar(&f.ratingAtMost, "rating-at-most", 0, "rated with these `stars` or fewer")
	v.StringVar(&f.note, "note", "", "with notes that have words that begin with `these`")
	v.BoolVar(&f.held, "held", false, "under legal hold")
	v.StringVar(&f.kind, "kind", "", "`call` or chat; nothing records chats yet")
}

// query is what the flags ask for.
func (f *callFlags) query() (storage.Query, error) {
	q := storage.Query{
		Line: config.ID(f.line), Number: f.number, Far: f.far, FarBegins: f.begins, FarEnds: f.ends, Department: f.department,
		Direction: storage.Direction(f.direction), MinLength: f.longer, MaxLength: f.shorter, State: storage.State(f.result),
		Why: storage.EndReason(f.why), Class: f.class, Cause: storage.Cause(f.gap), Agent: f.agent, Purpose: f.purpose, Flag: f.flag,
		MinStars: f.rating, MaxStars: f.ratingAtMost, Note: f.note, Held: f.held, Kind: storage.Kind(f.kind),
	}
	for _, one := range []struct {
		flag, value string
		may         []string
	}{
		{"direction", f.direction, []string{string(storage.Inbound), string(storage.Outbound)}},
		{"result", f.result, []string{string(storage.Recorded), string(storage.Partly), string(storage.Nothing), string(storage.IsLive)}},
		{"gap", f.gap, []string{"any", string(storage.Paused), string(storage.Stopped), string(storage.Lost), string(storage.Damaged), string(storage.Withheld), string(storage.Purged)}},
		{"kind", f.kind, []string{string(storage.IsCall), string(storage.IsChat)}},
	} {
		if one.value != "" && !slices.Contains(one.may, one.value) {
			return q, coded{fmt.Errorf("--%s is one of %s, not %q", one.flag, strings.Join(one.may, ", "), one.value), exitUsage}
		}
	}
	if f.gap == "any" {
		q.Cause = storage.AnyCause
	}
	if f.flag == "any" {
		q.Flag = storage.AnyFlag
	}
	if f.rating < 0 || f.rating > storage.MaxStars || f.ratingAtMost < 0 || f.ratingAtMost > storage.MaxStars {
		return q, coded{fmt.Errorf("a rating is from 1 to %d", storage.MaxStars), exitUsage}
	}
	for _, n := range []struct {
		flag string
		to   *string
	}{{"number", &q.Number}, {"far", &q.Far}, {"begins", &q.FarBegins}, {"ends", &q.FarEnds}} {
		if *n.to == "" {
			continue
		}
		if *n.to = control.Dialled(*n.to); *n.to == "" {
			return q, coded{fmt.Errorf("--%s has no digits: give a telephone number, or a part of one", n.flag), exitUsage}
		}
	}
	var err error
	if q.From, _, err = localTime("from", f.from); err != nil {
		return q, err
	}
	var step func(time.Time) time.Time
	if q.To, step, err = localTime("to", f.to); err != nil {
		return q, err
	}
	if !q.To.IsZero() {
		q.To = step(q.To)
		if !q.From.Before(q.To) {
			return q, coded{fmt.Errorf("--to %s is before --from %s: no call can be of that time", f.to, f.from), exitUsage}
		}
	}
	if f.shorter > 0 && f.shorter < f.longer {
		return q, coded{fmt.Errorf("--shorter %v is less than --longer %v: no call can be of that length", f.shorter, f.longer), exitUsage}
	}
	return q, nil
}

// localTime is the start of a day or of a minute, or nothing; step leads to the end of it.
func localTime(flag, s string) (t time.Time, step func(time.Time) time.Time, err error) {
	if s == "" {
		return t, nil, nil
	}
	if t, err = time.ParseInLocation(time.DateOnly, s, time.Local); err == nil {
		return t, func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }, nil
	}
	if t, err = time.ParseInLocation("2006-01-02 15:04", s, time.Local); err == nil {
		return t, func(t time.Time) time.Time { return t.Add(time.Minute) }, nil
	}
	return t, nil, coded{fmt.Errorf("--%s: %q is not a day such as 2026-11-22, nor a time such as \"2026-11-22 14:30\"", flag, s), exitUsage}
}

// said is what people said about a call, in short.
func said(a storage.About) (s string) {
	for _, f := range a.Flags {
		s += "; flag: " + f.Text
	}
	if a.Stars > 0 {
		s += fmt.Sprintf("; rated %d of %d", a.Stars, storage.MaxStars)
	}
	if n := len(a.Notes); n > 0 {
		s += fmt.Sprintf("; %d note(s)", n)
	}
	return s
}
