package control

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"linevault/codec/pcm"
	"linevault/storage"
)

// Call is one recorded call.
type Call struct {
	ID                               string
	Line, LineName, Department       string
	LineNumber, FarNumber, Called    string // Called is as the line gave it
	Direction                        Direction
	Start                            time.Time
	ClockTrusted                     bool // the time of day was synchronised at the start
	Length, Recorded                 time.Duration
	Legs                             int
	Gaps                             []Gap
	Asked                            []Asked // how pauses were asked for
	Ended                            End
	Live, Damaged, Interrupted, Demo bool
	Bytes                            int64
	Software                         string
	About                            About // what people said about it
}

// Direction is which way a call was made; empty where the line cannot tell.
type Direction string

// The directions.
const (
	In  = Direction(storage.Inbound)
	Out = Direction(storage.Outbound)
)

// End is why a call ended.
type End string

// The ends.
const (
	EndHungUp      = End(storage.HungUp)
	EndCardLost    = End(storage.CardLost)
	EndBoxStopped  = End(storage.StoppedBox)
	EndInterrupted = End(storage.Interrupted)
	EndFile        = End(storage.FileEnd)
)

// Gap is a stretch of a call that cannot be heard, in the time of the call.
type Gap struct {
	From, To   time.Duration
	Cause      Cause
	By, Reason string
}

// Cause is why a stretch cannot be heard.
type Cause string

// The causes of a gap.
const (
	CausePaused      = Cause(storage.Paused)
	CauseStopped     = Cause(storage.Stopped)
	CauseLost        = Cause(storage.Lost)
	CauseDamaged     = Cause(storage.Damaged)
	CauseWithheld    = Cause(storage.Withheld)
	CauseNotByPolicy = Cause(storage.NotByPolicy)
	CausePurged      = Cause(storage.Purged)
	CauseQuarantined = Cause(storage.Quarantined)
)

// Query chooses calls. The zero value is all of them.
type Query struct {
	Line     string
	Number   string // digits of the other party's number
	Match    Match  // where in it they stand
	From, To time.Time
	Paused   bool   // only calls that were paused
	Before   string // only calls that began before this one: the page before's Next

	Department           string
	Direction            Direction
	MinLength, MaxLength time.Duration // both included
	Result               Result
	Gap                  Cause  // a gap of this cause, or AnyGap
	Agent                string // or extension
	Purpose, Flag        string // or AnyFlag
	MinStars, MaxStars   int
	Note                 string // words that words of a note begin with
	Held                 bool   // only calls under legal hold
	Kind                 Kind
}

// Match is where in a number digits are looked for; empty is anywhere, and in either number.
type Match string

// The matches, of the other party's number.
const (
	Whole  Match = "whole"
	Begins Match = "begins"
	Ends   Match = "ends"
)

// Result is what became of a call.
type Result string

// The results.
const (
	ResultWhole       = Result(storage.Recorded)
	ResultPartly      = Result(storage.Partly)
	ResultNothing     = Result(storage.Nothing)
	ResultInterrupted = Result(storage.Interrupted)
)

// Kind is what kind of contact it is. Nothing records chats yet.
type Kind string

// The kinds.
const (
	KindCall = Kind(storage.IsCall)
	KindChat = Kind(storage.IsChat)
)

// What asks for a gap, or a flag, of whatever kind.
const (
	AnyGap  = Cause(storage.AnyCause)
	AnyFlag = storage.AnyFlag
)

// Page is some calls, newest first.
type Page struct {
	Calls []Call
	Next  string // for the page of older calls; empty if there is none
	Total int
}

// PageSize is how many calls a page has.
const PageSize = 50

// Calls is one page of the calls that q chooses.
func (d *Desk) Calls(a Actor, q Query) (Page, error) {
	if err := a.need(SeeCalls); err != nil {
		return Page{}, err
	}
	d.refresh()
	found, err := d.Store.Calls(q.storage())
	if err != nil {
		return Page{}, fmt.Errorf("find calls: %w", err)
	}
	page := Page{Next: string(found.Next), Total: found.Total}
	for _, row := range found.Rows {
		page.Calls = append(page.Calls, callOf(row))
	}
	return page, nil
}

func (q Query) storage() storage.Query {
	s := storage.Query{
		Before: storage.CallID(q.Before), Limit: PageSize, Line: pcm.LineID(q.Line),
		From: q.From, To: q.To, Cause: storage.Cause(q.Gap),
		Department: q.Department, Direction: storage.Direction(q.Direction), MinLength: q.MinLength, MaxLength: q.MaxLength,
		Agent: q.Agent, Purpose: q.Purpose, Flag: q.Flag, MinStars: q.MinStars, MaxStars: q.MaxStars, Note: q.Note,
		Held: q.Held, Kind: storage.Kind(q.Kind),
	}
	switch q.Match {
	case Whole:
		s.Far = q.Number
	case Begins:
		s.FarBegins = q.Number
	case Ends:
		s.FarEnds = q.Number
	default:
		s.Number = q.Number
	}
	if q.Result == ResultInterrupted {
		s.Why = storage.Interrupted
	} else {
		s.State = storage.State(q.Result)
	}
	if q.Paused {
		s.Cause = storage.Paused
	}
	return s
}

// EndedSince counts the newest calls that q chooses and that ended after t, up to a page.
func (d *Desk) EndedSince(a Actor, q Query, t time.Time) (int, error) {
	q.Before = ""
	page, err := d.Calls(a, q)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, c := range page.Calls {
		if !c.Live && c.Start.Add(c.Length).After(t) {
			n++
		}
	}
	return n, nil
}

// Call is the call with this id, or ErrNoCall.
func (d *Desk) Call(a Actor, id string) (Call, error) {
	if err := a.need(SeeCalls); err != nil {
		return Call{}, err
	}
	d.refresh()
	row, err := d.Store.Find(storage.CallID(id))
	if err != nil {
		return Call{}, noCall(err)
	}
	if row.Live {
		return callOf(row), nil
	}
	play, err := d.examine(id)
	if err != nil {
		return Call{}, err
	}
	defer play.Close()
	return callOf(play.Row()), nil
}

func noCall(err error) error {
	if errors.Is(err, storage.ErrNoCall) {
		return ErrNoCall
	}
	return fmt.Errorf("find the call: %w", err)
}

func callOf(r storage.Row) Call {
	c := Call{
		ID: string(r.ID), Line: string(r.Line), LineName: cmp.Or(r.Name, string(r.Line)), Department: r.Department,
		LineNumber: string(r.LineNumber), FarNumber: string(r.FarNumber), Called: string(r.Called), Direction: Direction(r.Direction),
		Start: r.Start, ClockTrusted: r.Clock.Source == "ntp", Length: r.Length, Recorded: r.Recorded,
		Legs: r.Format.Legs, Ended: End(r.Why), Live: r.Live, Damaged: r.Damaged,
		Interrupted: r.Why == storage.Interrupted && !r.Live, Demo: r.Demo, Bytes: r.Bytes,
		Software: r.Software, About: r.About,
	}
	c.Asked = askedOf(r)
	for _, g := range r.Gaps {
		c.Gaps = append(c.Gaps, Gap{
			From: r.Format.Duration(g.Span.From - r.From), To: r.Format.Duration(g.Span.To - r.From),
			Cause: Cause(g.Cause), By: g.By, Reason: g.Reason,
		})
	}
	slices.SortFunc(c.Gaps, func(a, b Gap) int { return cmp.Compare(a.From, b.From) })
	return c
}
