package storage

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"linevault/codec/pcm"
)

// Row is a call as lists show it.
type Row struct {
	Call     `json:"call"`
	Length   time.Duration `json:"length"`   // by the line's clock: recorded and gaps
	Recorded time.Duration `json:"recorded"` // of it with sound
	Machine  time.Duration `json:"machine"`  // by the machine's clock, as the last part's end says
	Gaps     []Gap         `json:"gaps"`
	Why      EndReason     `json:"why,omitempty"` // empty while it is live
	Live     bool          `json:"live,omitempty"`
	Parts    int           `json:"parts"`
	Damaged  bool          `json:"damaged,omitempty"`
	Bytes    int64         `json:"bytes"` // of sound, encoded
	About    About         `json:"about,omitzero"`
}

// State is what became of a call.
type State string

// The states of a call.
const (
	IsLive   State = "live"     // it goes on
	Recorded State = "recorded" // all of it
	Partly   State = "partly"   // it has gaps
	Nothing  State = "nothing"  // it is all gaps
	Excluded State = "excluded" // a rule said that it is not recorded
)

// State is what became of the call.
func (r *Row) State() State {
	switch {
	case r.Live:
		return IsLive
	case len(r.Gaps) == 0:
		return Recorded
	case r.Recorded > 0:
		return Partly
	case !slices.ContainsFunc(r.Gaps, func(g Gap) bool { return g.Cause != NotByPolicy }):
		return Excluded
	}
	return Nothing
}

// row makes the row of a call that is awake. The caller holds mu.
func (s *Store) row(id CallID) Row { return rowOf(s.calls[id], s.said.of[id], s.released[id]) }

// rowOf makes a row of a call's parts and what was said about it.
func rowOf(parts []*storedPart, said []Annotation, free []Released) Row {
	first, last := parts[0], parts[len(parts)-1]
	r := Row{Call: first.callNow(last), Parts: len(parts), Gaps: []Gap{}, About: about(said)}
	var length pcm.Pos
	var late []Gap
	for _, p := range parts {
		length += p.span.Len()
		late = append(late, p.late...)
		for _, g := range p.gaps {
			r.Gaps = appendGap(r.Gaps, g)
		}
		r.Bytes += p.bytes
		r.Damaged = r.Damaged || p.damaged
	}
	r.Gaps = withLate(r.Gaps, unreleased(free, late), pcm.Span{From: first.span.From, To: last.span.To})
	recorded := length
	for _, g := range r.Gaps {
		recorded -= g.Span.Len()
	}
	r.Length, r.Recorded = r.Call.Format.Duration(length), r.Call.Format.Duration(recorded)
	switch {
	case last.end != nil:
		r.Why, r.Machine = last.end.Why, last.end.Machine
	case last.live != nil && !last.live.Ended:
		r.Live = true
	default:
		r.Why = Interrupted
	}
	return r
}

// callNow is the call as its last part knows it, begun where its first part says.
func (p *storedPart) callNow(last *storedPart) Call {
	c := last.call
	c.Start, c.From, c.Clock = p.head.Call.Start, p.head.Call.From, p.head.Call.Clock
	return c
}

// withLate adds late spans to gaps as gaps of their own, where they are not gaps already.
func withLate(gaps, late []Gap, call pcm.Span) []Gap {
	for _, l := range late {
		left := []pcm.Span{l.Span.Intersect(call)}
		for _, g := range gaps {
			var rest []pcm.Span
			for _, s := range left {
				rest = append(rest, subtract(s, g.Span)...)
			}
			left = rest
		}
		for _, s := range left {
			if s.Empty() {
				continue
			}
			gaps = append(gaps, Gap{Span: s, Cause: l.Cause, By: l.By, Reason: l.Reason})
		}
		slices.SortFunc(gaps, func(a, b Gap) int { return cmp.Compare(a.Span.From, b.Span.From) })
	}
	return gaps
}

// subtract is what of s is not in o.
func subtract(s, o pcm.Span) []pcm.Span {
	if s.Intersect(o).Empty() {
		return []pcm.Span{s}
	}
	var rest []pcm.Span
	for _, r := range []pcm.Span{{From: s.From, To: o.From}, {From: o.To, To: s.To}} {
		if !r.Empty() {
			rest = append(rest, r)
		}
	}
	return rest
}

func unmarshalCall(b []byte, c *Call) error {
	var fresh Call
	if err := json.Unmarshal(b, &fresh); err != nil {
		return errBox
	}
	*c = fresh
	return nil
}
