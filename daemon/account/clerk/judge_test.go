package clerk

import (
	"maps"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/account"
	"linevault/storage"
)

var format = pcm.Format{Rate: 8000, Legs: 2}

// row is a recording of ten seconds.
func row(why storage.EndReason, gaps ...storage.Gap) storage.Row {
	r := storage.Row{Call: storage.Call{Format: format}, Length: 10 * time.Second, Recorded: 10 * time.Second, Why: why, Gaps: gaps}
	for _, g := range gaps {
		r.Recorded -= format.Duration(g.Span.Len())
	}
	return r
}

func gap(seconds pcm.Pos, cause storage.Cause, reason string) storage.Gap {
	return storage.Gap{Span: pcm.Span{To: seconds * 8000}, Cause: cause, Reason: reason}
}

// What became of a call, for everything that can become of its recordings.
func TestOutcomes(t *testing.T) {
	for name, test := range map[string]struct {
		kept    []storage.Row
		missing account.Why
		outcome Outcome
		reason  string
		lacks   map[string]time.Duration
	}{
		"whole":                     {[]storage.Row{row(storage.HungUp)}, "", Recorded, "", nil},
		"held and back":             {[]storage.Row{row(storage.HungUp), row(storage.HungUp)}, "", Recorded, "", nil},
		"paused":                    {[]storage.Row{row(storage.HungUp, gap(3, storage.Paused, "card"))}, "", Partly, "", map[string]time.Duration{"paused": 3 * time.Second}},
		"paused throughout":         {[]storage.Row{row(storage.HungUp, gap(10, storage.Paused, "card"))}, "", Partly, "", map[string]time.Duration{"paused": 10 * time.Second}},
		"the disk is full":          {[]storage.Row{row(storage.HungUp, gap(4, storage.Lost, "the disk did not keep up"))}, "", Partly, "the disk did not keep up", map[string]time.Duration{"lost": 4 * time.Second}},
		"full throughout":           {[]storage.Row{row(storage.HungUp, gap(10, storage.Lost, "the disk did not keep up"))}, "", Lost, "the disk did not keep up", nil},
		"card lost":                 {[]storage.Row{row(storage.CardLost)}, "", Partly, "card lost", nil},
		"card lost and back":        {[]storage.Row{row(storage.CardLost), row(storage.HungUp)}, "", Partly, "card lost", nil},
		"card lost throughout":      {[]storage.Row{row(storage.CardLost, gap(10, storage.Lost, ""))}, "", Lost, "card lost", nil},
		"box stopped":               {[]storage.Row{row(storage.StoppedBox)}, "", Partly, "box stopped", nil},
		"cut off":                   {[]storage.Row{row(storage.Interrupted)}, account.Restarted, Partly, "recorder restarted", nil},
		"nothing stored":            {nil, account.Restarted, Lost, "recorder restarted", nil},
		"could not be stored":       {nil, account.Storage, Lost, "it could not be stored", nil},
		"the rest was not stored":   {[]storage.Row{row(storage.Interrupted)}, account.Storage, Partly, "it could not be stored", nil},
		"no sound":                  {nil, account.NoSound, Lost, "no sound from the card", nil},
		"not taken up":              {nil, account.Untaken, Lost, "the line did not take it up", nil},
		"by rule":                   {[]storage.Row{row(storage.HungUp, gap(10, storage.NotByPolicy, "outside window"))}, "", NotByPolicy, "outside window", nil},
		"by rule, and card lost":    {[]storage.Row{row(storage.CardLost, gap(10, storage.NotByPolicy, "outside window"))}, "", NotByPolicy, "outside window", nil},
		"by rule on one of two":     {[]storage.Row{row(storage.HungUp), row(storage.HungUp, gap(10, storage.NotByPolicy, "no"))}, "", Partly, "", map[string]time.Duration{"policy": 10 * time.Second}},
		"held, and the rest is not": {[]storage.Row{row(storage.HungUp)}, account.NoSound, Partly, "no sound from the card", nil},
		"nobody spoke":              {[]storage.Row{row(storage.HungUp, gap(10, storage.Lost, "it rang and nobody spoke"))}, "", Lost, "it rang and nobody spoke", nil},
	} {
		e := Entry{Missing: map[string]time.Duration{}}
		e.sum(test.kept, test.missing)
		if e.Outcome != test.outcome || e.Reason != test.reason || !maps.Equal(e.Missing, test.lacks) {
			t.Errorf("%s: %s, %q, %v; want %s, %q, %v", name, e.Outcome, e.Reason, e.Missing, test.outcome, test.reason, test.lacks)
		}
	}
}

// An entry reads as it was written, and has no number in it.
func TestEntryReads(t *testing.T) {
	e := Entry{
		Key: "K", Book: "B", N: 3, Day: "2026-11-22", Began: time.Date(2026, 11, 22, 9, 0, 0, 5, time.UTC), Line: "parking", Name: "Parking",
		Department: "Highways", Calls: []storage.CallID{"A", "B"}, Outcome: Partly, Reason: "card lost", Recorded: 1500 * time.Millisecond,
		Missing: map[string]time.Duration{"lost": 250 * time.Millisecond},
	}
	got := parse(e.event(time.Now()))
	if got.Key != e.Key || got.N != e.N || !got.Began.Equal(e.Began) || len(got.Calls) != 2 || got.Recorded != e.Recorded || !maps.Equal(got.Missing, e.Missing) {
		t.Errorf("%+v", got)
	}
}
