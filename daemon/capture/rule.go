package capture

import (
	"cmp"
	"time"

	"linevault/daemon/call"
	"linevault/storage"
)

// Decide is what rules make of a call that begins, by what the signalling has told of it.
type Decide func(e call.Edge, at time.Time) Verdict

// Verdict is what becomes of a call. What is empty is as the line has it.
type Verdict struct {
	Rule       string // the rule by which it is not recorded
	Name       string // of the line, as people read it
	Department string
	Number     storage.Number // that was called, in full
	Class      string         // retention class
}

// apply is the call as the verdict has it.
func (v Verdict) apply(c storage.Call) storage.Call {
	c.Name, c.Department = cmp.Or(v.Name, c.Name), cmp.Or(v.Department, c.Department)
	c.LineNumber, c.Class = cmp.Or(v.Number, c.LineNumber), cmp.Or(v.Class, c.Class)
	return c
}

// decide asks the rules about a call. Once something of it is stored, whether it is recorded and for how
// long it is kept stay as they are.
func (l *Line) decide(c *span) {
	if l.Decide == nil {
		return
	}
	v := l.Decide(c.first, c.start)
	if c.rec != nil {
		v.Rule, v.Class = c.rule.Rule, c.rule.Class
	}
	c.rule = v
}
