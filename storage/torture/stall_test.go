package torture

import (
	"encoding/json"
	"errors"
	"testing"

	"linevault/storage"
	"linevault/storage/torture/watch"
)

type stallPlan struct {
	Lines, Seconds int
	Backlog        int64
}

// A disk that stands still for 60 seconds of all lines costs nothing: the boxes wait in memory.
// One that stands still for longer costs gaps, which say why, and recording goes on.
func TestStall(t *testing.T) {
	full := stallPlan{Lines: 120, Seconds: 60}
	over := stallPlan{Lines: 120, Seconds: 200}
	if long() == 0 {
		// The short form: a sixth of the lines, with a sixth of the memory.
		full = stallPlan{Lines: 20, Seconds: 60, Backlog: storage.Backlog / 6}
		over = stallPlan{Lines: 20, Seconds: 200, Backlog: storage.Backlog / 6}
	}
	for fault, p := range map[string]stallPlan{"disk stalls 60 s": full, "disk stalls 200 s: marked gaps": over} {
		dir := folder(t)
		plan, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		a, err := StallAt(processOf(t, "stall", dir, planEnv+"="+string(plan)), dir)
		if errors.Is(err, watch.ErrUnavailable) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		causes := []storage.Cause{storage.Lost}
		if p == full {
			causes = nil
		}
		l := a.Play(dir, causes...)
		if p == over && a.Play(dir).None() {
			t.Error("no gap was marked")
		}
		report(t, Row{Fault: fault, Tried: 1, Acked: a.Boxes, Loss: l})
	}
}
