package control

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/linetest"
	"linevault/storage/ledger"
)

// TestStep is one step of a line test, and TestCertificate what a whole one came to.
type (
	TestStep        = linetest.Step
	TestCertificate = linetest.Certificate
)

// The refusals of line tests.
var (
	ErrNoTest    = errors.New("no test of this line is under way")
	ErrTestBusy  = errors.New("this line is being tested already")
	ErrNoReason  = errors.New("say why the step is left out")
	ErrNoArchive = errors.New("this desk keeps no certificates")
)

// testLimit is how long a test may take; one that nobody ends by then is given up.
const testLimit = time.Hour

// LineTest is a line and its test, as a page shows them. It tells no number of a caller.
type LineTest struct {
	Line  Line
	Wired string
	// Of a test, while there is one.
	On      bool
	By      string
	Begun   time.Time
	Steps   []TestStep
	At      int    // the step under way; len(Steps) when all are over
	Version int    // grows with every change
	Made    string // the certificate, once it is signed
	Trouble string // why it is not
	// Earlier are the certificates of this line, newest first.
	Earlier []*TestCertificate
}

// lineTests are the tests under way.
type lineTests struct {
	mu sync.Mutex // guards of
	of map[pcm.LineID]*running
}

// running is one test under way. Its goroutine observes; pages look and act.
type running struct {
	stop  context.CancelFunc
	by    string
	begun time.Time

	mu      sync.Mutex // guards what follows
	test    *linetest.Test
	shown   []TestStep // a copy, as of version
	version int
	made    string
	trouble string
}

// update copies what changed; the lock is held.
func (r *running) update() {
	if !slices.Equal(r.shown, r.test.Steps()) {
		r.shown = slices.Clone(r.test.Steps())
		r.version++
	}
}

// TestLine is a line, its test if one is under way, and its earlier certificates.
func (d *Desk) TestLine(ctx context.Context, a Actor, line string) (LineTest, error) {
	if err := a.need(TestLines); err != nil {
		return LineTest{}, err
	}
	t, err := d.lineOf(ctx, line)
	if err != nil {
		return LineTest{}, err
	}
	if r := d.tests.find(pcm.LineID(line)); r != nil {
		r.view(&t)
	}
	if d.Archive == nil {
		return t, nil
	}
	t.Earlier, err = d.Archive.List(pcm.LineID(line))
	if err != nil {
		d.Log.Warn("a certificate of a line test does not verify", "err", err)
	}
	return t, nil
}

func (r *running) view(t *LineTest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t.On, t.By, t.Begun, t.Steps, t.Version = true, r.by, r.begun, r.shown, r.version
	t.Made, t.Trouble = r.made, r.trouble
	t.At = len(t.Steps)
	if at := slices.IndexFunc(t.Steps, func(s TestStep) bool { return !s.State.Over() }); at >= 0 {
		t.At = at
	}
}

// lineOf is a line as the recorder tells of it.
func (d *Desk) lineOf(ctx context.Context, line string) (LineTest, error) {
	s, err := d.Recorder.Status(ctx)
	if err != nil {
		return LineTest{}, fmt.Errorf("ask the recorder: %w", err)
	}
	b := d.board(s)
	for i, l := range b.Lines {
		if l.ID == line {
			return LineTest{Line: l, Wired: linetest.Wired(s.Lines[i].Wiring)}, nil
		}
	}
	return LineTest{}, ErrNoLine
}

func (t *lineTests) find(line pcm.LineID) *running {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.of[line]
}

// StartLineTest begins to test a line. The number is what the tester rings from, to be compared
// and forgotten; it may be empty.
func (d *Desk) StartLineTest(ctx context.Context, a Actor, line, number string) error {
	if err := a.need(TestLines); err != nil {
		return err
	}
	if d.Archive == nil {
		return ErrNoArchive
	}
	t, err := d.lineOf(ctx, line)
	if err != nil {
		return err
	}
	d.tests.mu.Lock()
	defer d.tests.mu.Unlock()
	if r := d.tests.of[pcm.LineID(line)]; r != nil && !r.over() {
		return ErrTestBusy
	}
	if err := d.write(ledger.Event{Kind: "line test begun", Who: a.Name, Text: t.Line.Name, Data: map[string]string{"line": line, "address": a.Address}}); err != nil {
		return err
	}
	following, stop := context.WithTimeout(context.Background(), testLimit)
	r := &running{stop: stop, by: a.Name, begun: d.Now(), test: linetest.New(linetest.Setup{Line: pcm.LineID(line), From: number})}
	r.update()
	if d.tests.of == nil {
		d.tests.of = map[pcm.LineID]*running{}
	}
	d.tests.of[pcm.LineID(line)] = r
	go d.followTest(following, r)
	return nil
}

// over reports whether the test needs nothing more.
func (r *running) over() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.made != ""
}

// missed is how long after the recorder went a test looks whether it is back.
const missed = time.Second

// followTest observes until the test is over, or given up.
func (d *Desk) followTest(ctx context.Context, r *running) {
	defer r.stop()
	for ctx.Err() == nil {
		for s, err := range d.Recorder.Watch(ctx) {
			if err != nil {
				break
			}
			r.mu.Lock()
			r.test.Observe(s)
			r.update()
			done := r.test.Done()
			r.mu.Unlock()
			if done {
				d.certify(r)
				return
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(missed):
		}
	}
}

// What a tester may do with the step under way.
const (
	TestAgain = "again" // begin it anew
	TestSkip  = "skip"  // leave it out, with a reason
	TestFail  = "fail"  // go on without it: it failed
	TestSign  = "sign"  // try once more to sign the certificate
	TestStop  = "stop"  // give the whole test up
)

// mostReason is how many characters of a reason are kept.
const mostReason = 200

// ActLineTest does something with the test of a line that is under way.
func (d *Desk) ActLineTest(a Actor, line, do, reason string) error {
	if err := a.need(TestLines); err != nil {
		return err
	}
	r := d.tests.find(pcm.LineID(line))
	if r == nil {
		return ErrNoTest
	}
	reason = strings.TrimSpace(reason)
	switch do {
	case TestStop:
		return d.stopTest(a, line, r)
	case TestSign:
		d.certify(r)
		return nil
	case TestSkip:
		if reason == "" {
			return ErrNoReason
		}
	}
	r.mu.Lock()
	switch do {
	case TestAgain:
		r.test.Again()
	case TestFail:
		r.test.Fail()
	case TestSkip:
		r.test.Skip(string([]rune(reason)[:min(mostReason, len([]rune(reason)))]))
	}
	r.update()
	done := r.test.Done()
	r.mu.Unlock()
	if done {
		r.stop()
		d.certify(r)
	}
	return nil
}

// stopTest gives a test up; one that is over is only put away.
func (d *Desk) stopTest(a Actor, line string, r *running) error {
	if !r.over() {
		if err := d.write(ledger.Event{Kind: "line test stopped", Who: a.Name, Data: map[string]string{"line": line}}); err != nil {
			return err
		}
	}
	r.stop()
	d.tests.mu.Lock()
	defer d.tests.mu.Unlock()
	if d.tests.of[pcm.LineID(line)] == r {
		delete(d.tests.of, pcm.LineID(line))
	}
	return nil
}
