package control

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/pausereport"
	"linevault/storage"
)

// PauseQuery chooses the calls whose pauses are reported.
type PauseQuery struct {
	From, To time.Time // To is not included; zero for open
	Line     string
}

// PauseReport is how pauses were asked for.
type PauseReport = pausereport.Report

// PauseFigures are those of one line or one source.
type PauseFigures = pausereport.Figures

// PauseReport counts the pauses of the calls that q chooses. It tells nothing of who called.
func (d *Desk) PauseReport(a Actor, q PauseQuery) (PauseReport, error) {
	if err := a.need(SeePauses); err != nil {
		return PauseReport{}, err
	}
	d.refresh()
	r, err := pausereport.Of(d.Store, storage.Query{From: q.From, To: q.To, Line: pcm.LineID(q.Line)})
	if err != nil {
		return r, fmt.Errorf("count pauses: %w", err)
	}
	return r, nil
}

// Asked is a pause as it was asked for, in the time of the call.
type Asked struct {
	Kind          AskedKind
	By, Reason    string
	At, To        time.Duration // To is 0 where it was not over before the call was
	Latency, Late time.Duration
	Long, Missed  bool
}

// AskedKind is what kind of source asked.
type AskedKind = storage.AskedKind

// The kinds of sources.
const (
	ByTerminal = storage.ByTerminal
	ByContact  = storage.ByContact
	ByKeypad   = storage.ByKeypad
	ByPerson   = storage.ByPerson
	ByBox      = storage.ByBox
)

func askedOf(r storage.Row) (all []Asked) {
	for _, p := range r.Pauses {
		a := Asked{
			Kind: p.Kind, By: p.By, Reason: p.Reason, At: max(0, r.Format.Duration(p.At-r.From)),
			Latency: p.Latency, Late: p.Late, Long: p.Long, Missed: p.Missed,
		}
		if p.To > 0 {
			a.To = r.Format.Duration(p.To - r.From)
		}
		all = append(all, a)
	}
	return all
}

// ErrNotQuarantined is a release of what is not in quarantine.
var ErrNotQuarantined = errors.New("nothing is in quarantine there any more: somebody has released or destroyed it")

// Release ends the quarantine of a part of a call: the actor has looked into it and says why it
// is no card data. From then on it plays.
func (d *Desk) Release(a Actor, id string, from, to time.Duration, reason string) error {
	if err := a.need(ReleaseQuarantine); err != nil {
		return err
	}
	reason = strings.TrimSpace(reason)
	switch {
	case reason == "":
		return &FormError{"reason", "Enter how you know that this is no card data"}
	case len(reason) > maxReason:
		return &FormError{"reason", fmt.Sprintf("The reason must be %d characters or fewer", maxReason)}
	}
	c, err := d.Call(a, id)
	if err != nil {
		return err
	}
	if c.Live {
		return ErrLive
	}
	err = d.Store.Release(storage.CallID(id), from, to, a.Name, reason, d.Ledger)
	if errors.Is(err, storage.ErrNotQuarantined) {
		return ErrNotQuarantined
	}
	d.findings.forget(storage.CallID(id)) // its runs are others now
	return noCallOr(err)
}
