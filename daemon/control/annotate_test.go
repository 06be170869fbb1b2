package control_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"linevault/daemon/auth"
	"linevault/daemon/control"
	"linevault/daemon/control/controltest"
)

// What people say is found again by every filter together, has their name, and the ledger has
// that it was said, from where, and not what.
func TestAnnotate(t *testing.T) {
	b := controltest.New(t)
	ids := b.Demo(t)
	id := string(ids[4])
	for _, n := range []control.Annotation{
		{Kind: control.SetFlag, Text: "follow up"},
		{Kind: control.Rate, Stars: 4},
		{Kind: control.AddNote, Text: "asked about Quetzal"},
		{Kind: control.SetAgent, Text: "Priya"},
		{Kind: control.SetPurpose, Text: "payment"},
	} {
		if err := b.Desk.Annotate(supervisor, id, n); err != nil {
			t.Fatalf("%+v: %v", n, err)
		}
	}
	all := control.Query{
		Line: "parking", Number: "0123", Match: control.Ends, Paused: true, Department: "parking", Direction: control.In,
		MinLength: 40 * time.Second, MaxLength: 50 * time.Second, Result: control.ResultPartly, Agent: "priya", Purpose: "Payment", Flag: "follow up",
		MinStars: 4, MaxStars: 4, Note: "quetz", Kind: control.KindCall,
	}
	call, err := b.Desk.Call(supervisor, id)
	if err != nil || call.About.Notes[0].By != "Asha" || call.About.Stars != 4 {
		t.Fatalf("%+v, %v", call.About, err)
	}
	all.Department, all.Direction = call.Department, call.Direction
	for name, spoil := range map[string]func(q *control.Query){
		"": func(*control.Query) {}, "whole number": func(q *control.Query) { q.Match = control.Whole }, "direction": func(q *control.Query) { q.Direction = "x" },
		"length": func(q *control.Query) { q.MinLength = time.Minute }, "result": func(q *control.Query) { q.Result = control.ResultInterrupted },
		"agent": func(q *control.Query) { q.Agent = "x" }, "flag": func(q *control.Query) { q.Flag = "x" }, "stars": func(q *control.Query) { q.MaxStars = 3 },
		"note": func(q *control.Query) { q.Note = "quetz x" }, "held": func(q *control.Query) { q.Held = true }, "chat": func(q *control.Query) { q.Kind = control.KindChat },
		"beginning": func(q *control.Query) { q.Match = control.Begins }, "gap": func(q *control.Query) { q.Paused, q.Gap = false, control.CauseLost },
	} {
		q := all
		spoil(&q)
		page, err := b.Desk.Calls(supervisor, q)
		want := 0
		if name == "" {
			want = 1
		}
		if err != nil || len(page.Calls) != want || page.Total != want {
			t.Errorf("%s: %d calls of %d, want %d, %v", name, len(page.Calls), page.Total, want, err)
		}
	}
	events := b.Events(t)
	if len(events) != 5 || events[2].Kind != "annotation" || events[2].Who != "Asha" || events[2].Call != id ||
		events[2].Text != "note" || events[2].Data["address"] != "192.0.2.1" {
		t.Errorf("%+v", events)
	}
	for _, e := range events {
		for _, v := range e.Data {
			if strings.Contains(v, "Quetzal") || strings.Contains(v, "Priya") {
				t.Errorf("the ledger has what was said: %+v", e)
			}
		}
	}
	if _, ok := errors.AsType[*control.AnnotationError](b.Desk.Annotate(supervisor, id, control.Annotation{Kind: control.AddNote})); !ok {
		t.Error("an empty note was kept")
	}
	if err := b.Desk.Annotate(supervisor, "01ABCDEFGHJKMNPQRSTVWXYZ00", control.Annotation{Kind: control.Rate, Stars: 1}); !errors.Is(err, control.ErrNoCall) {
		t.Errorf("no such call: %v", err)
	}
	auditor := control.Actor{Name: "Dilys", Roles: []auth.Role{auth.Auditor}}
	if err := b.Desk.Annotate(auditor, id, control.Annotation{Kind: control.Rate, Stars: 1}); !errors.Is(err, control.ErrForbidden) {
		t.Errorf("an auditor: %v", err)
	}
}
