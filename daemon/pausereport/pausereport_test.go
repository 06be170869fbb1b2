package pausereport

import (
	"testing"
	"time"

	"linevault/storage"
)

func TestReport(t *testing.T) {
	c := New()
	asked := func(by string, kind storage.AskedKind, latency, late time.Duration) storage.Asked {
		return storage.Asked{By: by, Kind: kind, Latency: latency, Late: late}
	}
	const ms = time.Millisecond
	var many []storage.Asked
	for i := range 19 {
		many = append(many, asked("terminal till 1", storage.ByTerminal, time.Duration(i+1)*10*ms, 0))
	}
	long := asked("contact door", storage.ByContact, 5*ms, 0)
	long.Long = true
	missed := storage.Asked{By: "terminal till 1", Kind: storage.ByTerminal, Missed: true}
	c.Add(storage.Row{Call: storage.Call{ID: "1", Line: "parking", Name: "Parking", Pauses: many}})
	c.Add(storage.Row{
		Call: storage.Call{ID: "2", Line: "parking", Name: "Parking", Pauses: []storage.Asked{asked("terminal till 1", storage.ByTerminal, 4*time.Second, 2*time.Second), long, missed}},
		Gaps: []storage.Gap{{Cause: storage.Purged}, {Cause: storage.Quarantined}},
	})
	c.Add(storage.Row{Call: storage.Call{ID: "3", Line: "rents", Name: "Council rents", Pauses: []storage.Asked{long}}})
	c.Add(storage.Row{Call: storage.Call{ID: "4", Line: "rents", Name: "Council rents"}})
	r := c.Report()
	if r.Calls != 4 || len(r.Lines) != 2 || len(r.Sources) != 2 || r.Destroyed != 1 || r.Quarantined != 1 || r.Withheld != 0 {
		t.Fatalf("report %+v", r)
	}
	if l := r.Lines[0]; l.Name != "Council rents" || l.Calls != 1 || l.Pauses != 1 || l.Long != 1 {
		t.Errorf("line %+v", l)
	}
	s := r.Sources[1]
	if s.Name != "terminal till 1" || s.Kind != storage.ByTerminal || s.Calls != 2 || s.Pauses != 20 || s.Late != 1 || s.LateTime != 2*time.Second || s.Missed != 1 {
		t.Errorf("source %+v", s)
	}
	// 10 to 190 ms, and 4 s: the 19th of 20 is 190 ms.
	if s.P95 != 190*ms || s.Most != 4*time.Second || s.Mean != (1900*ms+4*time.Second)/20 {
		t.Errorf("latencies %+v", s)
	}
	if r.Total.Pauses != 22 || r.Total.Calls != 3 || r.Total.Long != 2 {
		t.Errorf("total %+v", r.Total)
	}
	if empty := New().Report(); empty.Total.Mean != 0 || empty.Lines == nil {
		t.Errorf("empty %+v", empty)
	}
}
