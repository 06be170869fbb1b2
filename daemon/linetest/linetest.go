// Package linetest guides a person through the test of one line, from what the recorder tells of
// all its lines, and certifies what was seen. It hears nothing: it knows levels, counts and states.
package linetest

import (
	"strings"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/link"
)

// Setup is what a test is about.
type Setup struct {
	Line pcm.LineID
	// From is the number that the tester rings from; empty if it is not to be checked. It is
	// compared, and goes into no certificate.
	From string
}

// State is how far a step is.
type State string

// The states of a step.
const (
	Waiting State = "waiting" // its turn has not come
	Doing   State = "doing"
	Trouble State = "trouble" // it did not work so far: Advice says what to do, and the tester decides
	Passed  State = "passed"
	Failed  State = "failed"
	Skipped State = "skipped"
)

// Over reports whether nothing more comes of a step.
func (s State) Over() bool { return s == Passed || s == Failed || s == Skipped }

// Step is one thing to be seen of a line.
type Step struct {
	ID     string `json:"id"`
	Title  string `json:"title"`
	Do     string `json:"-"` // what the tester does, in the words of the page
	State  State  `json:"result"`
	Seen   string `json:"seen,omitempty"`   // what the box saw
	Advice string `json:"advice,omitempty"` // what to mend
	Reason string `json:"reason,omitempty"` // why it was left out
}

// Test is a test under way. It belongs to one goroutine. It has no clock but that of the
// statuses that it observes.
type Test struct {
	setup Setup
	steps []Step
	rules []rule
	at    int // the step under way
	begun time.Time
	since time.Time // when the step under way began
	now   time.Time

	first     link.LineState // the line when the test began
	entered   link.LineState // and when the step under way did
	last      link.LineState
	known     bool // last is
	idle      []float64
	legs      []speech // of the step under way
	quiet     int      // statuses on end without speech
	listening bool     // the step under way is, to what is spoken
	company   company
	call      string // the test call's ID
}

// New begins a test. Its first step begins with the first status.
func New(s Setup) *Test {
	t := &Test{setup: s, rules: rules}
	for _, r := range rules {
		t.steps = append(t.steps, Step{ID: r.id, Title: r.title, Do: r.do, State: Waiting})
	}
	return t
}

// Steps is how far all steps are; the caller must not change them.
func (t *Test) Steps() []Step { return t.steps }

// Done reports whether all steps are over.
func (t *Test) Done() bool { return t.at == len(t.steps) }

// Step is the one under way; nil when all are over.
func (t *Test) Step() *Step {
	if t.Done() {
		return nil
	}
	return &t.steps[t.at]
}

// Line is the line as it was seen last.
func (t *Test) Line() link.LineState { return t.last }

// Observe takes in what the recorder says now.
func (t *Test) Observe(s link.Status) {
	l, others, found := pick(s, t.setup.Line)
	if t.Done() || !found {
		return
	}
	t.now = s.At
	if !t.known || restarted(t.last, l) {
		if !t.known {
			t.begun, t.first = s.At, l
		}
		t.known, t.last = true, l
		t.enter()
	}
	before := t.last
	t.last = l
	if l.Call != "" {
		t.call = string(l.Call)
	}
	t.company.observe(s.At, before, l, others)
	t.hear(l)
	t.work()
}

func pick(s link.Status, id pcm.LineID) (l link.LineState, others []link.LineState, found bool) {
	for _, o := range s.Lines {
		if o.Line == id {
			l, found = o, true
		} else {
			others = append(others, o)
		}
	}
	return l, others, found
}

// restarted reports whether the recorder began to count anew.
func restarted(before, now link.LineState) bool {
	return now.Signs.Seized < before.Signs.Seized || now.Signs.Rung < before.Signs.Rung ||
		sum(now.Signs.Keyed) < sum(before.Signs.Keyed)
}

func sum(all []uint64) (n uint64) {
	for _, v := range all {
		n += v
	}
	return n
}

// enter begins the step under way, or begins it again.
func (t *Test) enter() {
	t.since, t.entered = t.now, t.last
	t.legs, t.listening = make([]speech, max(1, t.last.Legs)), t.quiet >= hush
	if s := t.Step(); s != nil {
		s.State, s.Seen, s.Advice = Doing, "", ""
	}
	if t.at < len(t.rules) && t.rules[t.at].id == "ring" {
		t.company.ring(t.now)
	}
}

// work judges steps until one must wait.
func (t *Test) work() {
	for !t.Done() {
		s, r := t.Step(), t.rules[t.at]
		v := r.judge(t)
		s.Seen = v.seen
		switch {
		case v.skip != "":
			s.State, s.Reason, s.Advice = Skipped, v.skip, ""
		case v.pass:
			s.State, s.Advice = Passed, ""
		case v.wrong != "":
			s.State, s.Advice = Trouble, v.wrong
			return
		case t.now.Sub(t.since) >= r.limit:
			s.State, s.Advice = Trouble, r.late(t)
			return
		default:
			s.State, s.Advice = Doing, ""
			return
		}
		t.next()
	}
}

func (t *Test) next() {
	t.at++
	t.enter()
}

// Again begins the step under way anew.
func (t *Test) Again() {
	if !t.Done() {
		t.enter()
	}
}

// Skip leaves out the step under way.
func (t *Test) Skip(reason string) {
	if s := t.Step(); s != nil {
		s.Reason, s.Advice = reason, ""
	}
	t.close(Skipped)
}

// Fail gives up the step under way, with what is advised to mend it.
func (t *Test) Fail() {
	if s := t.Step(); s != nil {
		if s.Advice == "" {
			s.Advice = t.rules[t.at].late(t)
		}
		s.Advice = strings.TrimSuffix(s.Advice, again)
	}
	t.close(Failed)
}

func (t *Test) close(as State) {
	if s := t.Step(); s != nil && t.known {
		s.State = as
		t.next()
		t.work()
	}
}

// Waited is for how long the step under way has waited for something to happen.
func (t *Test) Waited() time.Duration { return t.now.Sub(t.since) }

// Late reports whether the step under way has had its time.
func (t *Test) Late() bool { return !t.Done() && t.Waited() >= t.rules[t.at].limit }
