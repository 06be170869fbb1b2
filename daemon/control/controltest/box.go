// Package controltest makes a desk on a real store, with calls in it that were encoded,
// sealed and committed as the recorder does it, and a real recorder's socket to ask. It is
// for the tests of the desk's faces.
package controltest

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/account/clerk"
	"linevault/daemon/auth"
	"linevault/daemon/control"
	"linevault/daemon/linetest"
	"linevault/daemon/link"
	"linevault/daemon/pause"
	"linevault/storage"
	"linevault/storage/keys"
	"linevault/storage/ledger"
)

// Class is the retention class of the calls.
const Class = "standard"

// Box is a desk and what is behind it.
type Box struct {
	Dir      string
	Desk     *control.Desk
	Accounts *auth.Store
	Ledger   *ledger.Ledger
	Writer   *storage.Writer
	Board    *Board
}

// New makes a box with no account and no call.
func New(t testing.TB) *Box {
	t.Helper()
	b := &Box{Dir: t.TempDir(), Board: &Board{}}
	must(t, storage.Create(b.Dir, []string{Class}))
	b.Writer = must1(t, storage.OpenWriter, b.Dir, storage.WriterOptions{OnProblem: func(err error) { t.Error(err) }})
	t.Cleanup(func() { must(t, b.Writer.Close()) })
	ring, err := keys.OpenRing(b.Dir)
	must(t, err)
	b.Accounts, err = auth.Open(b.Dir, ring.Derive("accounts"), auth.Options{})
	must(t, err)
	b.Ledger, err = ledger.Open(b.Dir, ring.Derive("ledger"))
	must(t, err)
	t.Cleanup(func() { must(t, b.Ledger.Close()) })

	listener, err := link.Listen(b.Dir)
	must(t, err)
	server := link.Server(b.Board, b.Writer)
	done := make(chan error)
	go func() { done <- server.Serve(listener) }()
	t.Cleanup(func() {
		must(t, server.Close())
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	archive, err := linetest.OpenArchive(b.Dir, "Example Borough Council", ring, b.Ledger)
	must(t, err)
	recorder := link.Dial(b.Dir)
	store, err := storage.Open(b.Dir, recorder)
	must(t, err)
	t.Cleanup(store.Close)
	b.Desk = control.New(control.Config{
		Dir: b.Dir, Accounts: b.Accounts, Store: store, Ledger: b.Ledger, Recorder: recorder, Archive: archive, Version: "test",
		Clerk: clerk.New(b.Dir, store, b.Ledger, nil),
	})
	return b
}

// Events is everything in the ledger.
func (b *Box) Events(t testing.TB) []ledger.Event {
	t.Helper()
	all, err := b.Ledger.Events(0, b.Ledger.Len())
	must(t, err)
	return all
}

// Damage flips one bit, on disk, of a box of the only call there is.
func (b *Box) Damage(t testing.TB, box uint64) {
	t.Helper()
	boxes, err := b.Writer.LiveBoxes(b.Writer.LiveParts()[0].Part, box, 1)
	must(t, err)
	some := boxes[0].Sealed[200:264]
	done := false
	must(t, filepath.WalkDir(b.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		at := bytes.Index(data, some)
		if err != nil || at < 0 {
			return err
		}
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteAt([]byte{data[at] ^ 1}, int64(at))
		done = true
		return errors.Join(err, f.Close())
	}))
	if !done {
		t.Fatal("no file has the box")
	}
}

// Board is what the recorder says its lines do.
type Board struct {
	mu    sync.Mutex // guards what follows
	now   link.Status
	beats int
}

// Set is what the lines do from now on.
func (b *Board) Set(s link.Status) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = s
}

// Notice turns an alarm on or off.
func (b *Board) Notice(n link.Notice) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now.Alarms = slices.DeleteFunc(slices.Clone(b.now.Alarms), func(a link.Alarm) bool { return a.Key == n.Key })
	if n.Text != "" {
		b.now.Alarms = append(b.now.Alarms, link.Alarm{Key: n.Key, Line: n.Line, Text: n.Text, Since: time.Now()})
	}
}

// Status is the board now. The levels of lines that record move at each look.
func (b *Board) Status() link.Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.beats++
	s := b.now
	s.At = time.Now()
	s.Lines = slices.Clone(s.Lines)
	for i, l := range s.Lines {
		if l.State != link.Recording {
			continue
		}
		s.Lines[i].Levels = slices.Clone(l.Levels)
		for leg := range l.Levels {
			s.Lines[i].Levels[leg] += float64((b.beats*(leg+3))%7) - 3
		}
	}
	return s
}

// Hand does to the board what the recorder does to a line, as far as the board shows it.
func (b *Board) Hand(_ context.Context, h link.Hand) link.Switched {
	b.mu.Lock()
	defer b.mu.Unlock()
	lines := slices.Clone(b.now.Lines)
	i := slices.IndexFunc(lines, func(l link.LineState) bool { return l.Line == h.Line })
	if i < 0 {
		return link.Switched{Refused: link.NoSuchLine}
	}
	l := &lines[i]
	asks := slices.Contains(l.PausedBy, h.Source)
	switch {
	case !h.Resume && l.ManualLimit == 0:
		return link.Switched{Refused: link.NotByHand}
	case pause.HoldsCard(h.Reason):
		return link.Switched{Refused: link.CardNumber}
	case l.Since.IsZero():
		return link.Switched{Refused: link.NothingToDo}
	case h.Resume && !asks:
		return link.Switched{Refused: link.NotYours}
	case h.Resume:
		l.PausedBy = slices.DeleteFunc(slices.Clone(l.PausedBy), func(s string) bool { return s == h.Source })
		l.LimitAt = time.Time{}
	case asks:
		return link.Switched{Refused: link.AlreadyPaused}
	default:
		l.PausedBy = append(slices.Clone(l.PausedBy), h.Source)
		l.LimitAt = time.Now().Add(l.ManualLimit)
	}
	if l.State = link.Paused; len(l.PausedBy) == 0 {
		l.State = link.Recording
	}
	b.now.Lines = lines
	return link.Switched{State: l.State, Call: l.Call, At: time.Now(), PausedBy: l.PausedBy, LimitAt: l.LimitAt}
}

// Lines are four lines that do four different things.
func Lines() link.Status {
	since := time.Now().Add(-83 * time.Second)
	return link.Status{Terminals: []link.Terminal{
		{Name: "parking-1", Lines: []pcm.LineID{"parking", "council-tax"}, Shows: "token", LastUsed: since, LastFrom: "192.0.2.44", From: []string{"192.0.2.0/24"}, Expires: time.Now().AddDate(0, 0, 3)},
		{Name: "ivr", Lines: []pcm.LineID{"parking"}, Shows: "token and certificate", Heartbeat: 30},
	}, Lines: []link.LineState{
		{Line: "council-tax", Name: "Council tax", Department: "Revenues", Number: "02079460100", State: link.Recording, Legs: 2, Levels: []float64{-22, -31}, Since: since, ManualLimit: 5 * time.Minute, Call: "01ABCDEFGHJKMNPQRSTVWXYZ01"},
		{Line: "parking", Name: "Parking fines", Department: "Highways", Number: "02079460101", State: link.Paused, Legs: 2, Since: since, PausedBy: []string{"terminal parking-1"}},
		{Line: "repairs", Name: "Housing repairs", Department: "Housing", Number: "02079460102", State: link.Idle, Legs: 2, Levels: []float64{-62, -64}},
		{Line: "desk-4", Name: "Desk 4", State: link.Failed, Legs: 1, Since: since, Problem: "The line card does not answer: check that its USB cable is in."},
	}}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func must1[A, B, R any](t testing.TB, f func(A, B) (R, error), a A, b B) R {
	t.Helper()
	r, err := f(a, b)
	must(t, err)
	return r
}

// format is that of every call here.
var format = pcm.Format{Rate: 8000, Legs: 2}
