package config

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/schedule"
)

// Schedule is dated windows and opening hours, named by lines and numbers.
type Schedule struct {
	Name         string   `toml:"name"`
	Windows      []string `toml:"windows"`       // "2026-04-01 to 2026-05-07"
	Hours        []string `toml:"hours"`         // "Mon-Fri 08:30-17:00"
	ClosedOn     []string `toml:"closed_on"`     // "2026-12-24"
	BankHolidays string   `toml:"bank_holidays"` // "closed", or "open" as other days
}

// DDI is a number that callers dial, as its last digits come on a line.
type DDI struct {
	Digits     string   `toml:"digits"` // as delivered, or the last of them
	Number     string   `toml:"number"` // in full, as it is published
	Name       string   `toml:"name"`   // as people read it, instead of the line's
	Department string   `toml:"department"`
	Class      string   `toml:"class"`  // retention class, instead of the line's
	Record     string   `toml:"record"` // "yes" or "no"
	Schedule   string   `toml:"schedule"`
	Lines      []string `toml:"lines"` // that it comes on; on any, if there are none
}

var digitsForm = regexp.MustCompile(`^[0-9]{1,20}$`)

// Parse makes the schedule; it was checked.
func (s Schedule) parse() (*schedule.Schedule, error) {
	return schedule.Parse(schedule.Text{
		Name: s.Name, Windows: s.Windows, Hours: s.Hours, ClosedOn: s.ClosedOn, BankHolidays: s.BankHolidays == "closed",
	})
}

// Schedules are the schedules by name.
func (c *Config) Schedules() map[string]*schedule.Schedule {
	all := map[string]*schedule.Schedule{}
	for _, s := range c.Schedule {
		all[s.Name], _ = s.parse() // it was checked
	}
	return all
}

func (c *Config) hasSchedule(name string) bool {
	return name == "" || slices.ContainsFunc(c.Schedule, func(s Schedule) bool { return s.Name == name })
}

func (c *Config) checkRules() *fault {
	for _, f := range []func() *fault{c.checkSchedules, c.checkDDIs, c.checkLineRules} {
		if f := f(); f != nil {
			return f
		}
	}
	return nil
}

var scheduleKeys = map[string]string{"Windows": "windows", "Hours": "hours", "ClosedOn": "closed_on"}

func (c *Config) checkSchedules() *fault {
	seen := map[string]bool{}
	for i, s := range c.Schedule {
		_, err := s.parse()
		form, bad := errors.AsType[*schedule.FormError](err)
		switch {
		case s.Name == "":
			return wrong("schedule", i, "name", "a schedule needs a name, by which lines and numbers mean it")
		case seen[s.Name]:
			return wrong("schedule", i, "name", "there is another schedule %q", s.Name)
		case s.BankHolidays != "closed" && s.BankHolidays != "open":
			return wrong("schedule", i, "bank_holidays", "%q is not \"open\" or \"closed\"", s.BankHolidays)
		case bad:
			return wrong("schedule", i, scheduleKeys[form.Field], "%s", form.Text)
		}
		seen[s.Name] = true
	}
	return nil
}

func (c *Config) checkDDIs() *fault {
	for i, d := range c.DDI {
		bad := func(key, format string, args ...any) *fault { return wrong("ddi", i, key, format, args...) }
		switch {
		case !digitsForm.MatchString(d.Digits):
			return bad("digits", "%q is not the digits of a number as the line delivers them, such as \"7000\"", d.Digits)
		case d.Number != "" && !strings.HasSuffix(onlyDigits(d.Number), d.Digits) && len(d.Digits) <= len(onlyDigits(d.Number)):
			return bad("number", "%q does not end in %s, which the line delivers for it", d.Number, d.Digits)
		case d.Class != "" && !classForm.MatchString(d.Class):
			return bad("class", "%q is not lower-case letters, digits and hyphens", d.Class)
		case d.Record != "yes" && d.Record != "no":
			return bad("record", "%q is not \"yes\" or \"no\"", d.Record)
		case !c.hasSchedule(d.Schedule):
			return bad("schedule", "there is no schedule %q", d.Schedule)
		}
		for _, name := range d.Lines {
			if !slices.ContainsFunc(c.Line, func(l Line) bool { return l.Name == name }) {
				return bad("lines", "there is no line %q", name)
			}
		}
		for _, other := range c.DDI[:i] {
			if other.Digits == d.Digits && overlap(other.Lines, d.Lines) {
				return bad("digits", "%s is %q already on the same lines: which of the two a call is for could not be told", d.Digits, other.Name)
			}
		}
	}
	return nil
}

// overlap reports whether two lists of lines have one in common; an empty one is of all.
func overlap(a, b []string) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

func (c *Config) checkLineRules() *fault {
	for i, l := range c.Line {
		switch {
		case !slices.Contains([]string{"all", "in", "out", "none"}, l.Record):
			return wrong("line", i, "record", "%q is not \"all\", \"in\", \"out\" or \"none\"", l.Record)
		case !c.hasSchedule(l.Schedule):
			return wrong("line", i, "schedule", "there is no schedule %q", l.Schedule)
		case !c.hasSchedule(l.Open):
			return wrong("line", i, "open", "there is no schedule %q", l.Open)
		case l.SilentAfter != 0 && (time.Duration(l.SilentAfter) < time.Minute || time.Duration(l.SilentAfter) > 1000*time.Hour):
			return wrong("line", i, "silent_after", "%v is outside 1m to 1000h; 0s is never", time.Duration(l.SilentAfter))
		}
	}
	return nil
}

// completeRules fills in what a schedule or number did not say.
func (c *Config) completeRules() {
	for i := range c.Schedule {
		c.Schedule[i].BankHolidays = or(c.Schedule[i].BankHolidays, "open")
	}
	for i := range c.DDI {
		d := &c.DDI[i]
		d.Record, d.Number = or(d.Record, "yes"), strings.ReplaceAll(d.Number, " ", "")
	}
}

// DDIOf is the number that a call is for, by the digits that its line delivered: the one of which they have
// most. There may be none.
func (c *Config) DDIOf(line pcm.LineID, called string) (best DDI, ok bool) {
	for _, d := range c.DDI {
		here := len(d.Lines) == 0 || slices.ContainsFunc(d.Lines, func(name string) bool { return ID(name) == line })
		if here && strings.HasSuffix(called, d.Digits) && len(d.Digits) > len(best.Digits) {
			best, ok = d, true
		}
	}
	return best, ok
}
