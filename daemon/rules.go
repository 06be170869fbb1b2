package main

import (
	"cmp"
	"fmt"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/call"
	"linevault/daemon/capture"
	"linevault/daemon/config"
	"linevault/daemon/health"
	"linevault/daemon/schedule"
	"linevault/daemon/watch"
	"linevault/storage"
)

// watchLines has the quality of lines looked after.
func watchLines(cfg *config.Config, lines []*capture.Line, board *health.Board) *watch.Watch {
	w := watch.New(board)
	schedules := cfg.Schedules()
	for _, line := range lines {
		for _, l := range cfg.Line {
			if config.ID(l.Name) != line.Source.ID() {
				continue
			}
			o := watch.Options{SilentAfter: time.Duration(l.SilentAfter)}
			if s := schedules[l.Open]; s != nil {
				o.Outside = s.Outside
			}
			line.Ear = w.Line(line.Source.ID(), l.Name, line.Source.Format(), o)
		}
	}
	return w
}

// rules are what the configuration makes of calls of a line as they begin.
type rules struct {
	cfg       *config.Config
	line      config.Line
	id        pcm.LineID
	schedules map[string]*schedule.Schedule
}

// decide is what becomes of a call: whether it is recorded, whose it is, and how long it is kept.
func (r *rules) decide(e call.Edge, at time.Time) capture.Verdict {
	var v capture.Verdict
	if r.line.Record == "none" {
		v.Rule = "this line is not recorded"
	}
	when := r.line.Schedule
	if e.Direction == "in" && e.Called != "" {
		if d, ok := r.cfg.DDIOf(r.id, e.Called); ok {
			v.Name, v.Department, v.Number, v.Class = d.Name, d.Department, storage.Number(d.Number), d.Class
			when = cmp.Or(d.Schedule, when)
			if d.Record == "no" {
				v.Rule = cmp.Or(v.Rule, fmt.Sprintf("calls for %s are not recorded", cmp.Or(d.Name, d.Digits)))
			}
		}
	}
	switch {
	case r.line.Record == "in" && e.Direction == "out":
		v.Rule = cmp.Or(v.Rule, "only incoming calls are recorded")
	case r.line.Record == "out" && e.Direction == "in":
		v.Rule = cmp.Or(v.Rule, "only outgoing calls are recorded")
	}
	if s := r.schedules[when]; s != nil {
		if why := s.Outside(at); why != "" {
			v.Rule = cmp.Or(v.Rule, fmt.Sprintf("%s of %q", why, s.Name))
		}
	}
	return v
}
