package control_test

import (
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"linevault/daemon/control"
	"linevault/daemon/control/controltest"
)

func TestCallsAreFoundByPage(t *testing.T) {
	b := controltest.New(t)
	const many = control.PageSize + 7
	start := time.Now().Add(-3 * time.Hour).Truncate(time.Second)
	for i := range many {
		b.Record(t, controltest.Call{Line: "one", Far: "07700900123", Start: start.Add(time.Duration(i) * time.Minute), Length: 100 * time.Millisecond, End: "hung up"})
	}
	first, err := b.Desk.Calls(supervisor, control.Query{})
	if err != nil || len(first.Calls) != control.PageSize || first.Total != many || first.Next == "" {
		t.Fatalf("first page: %d of %d, next %q, %v", len(first.Calls), first.Total, first.Next, err)
	}
	rest, err := b.Desk.Calls(supervisor, control.Query{Before: first.Next})
	if err != nil || len(rest.Calls) != many-control.PageSize || rest.Next != "" {
		t.Fatalf("second page: %d, next %q, %v", len(rest.Calls), rest.Next, err)
	}
	all := slices.Concat(first.Calls, rest.Calls)
	for i, c := range all {
		if want := start.Add(time.Duration(many-1-i) * time.Minute); !c.Start.Equal(want) {
			t.Fatalf("call %d began at %v, want %v", i, c.Start, want)
		}
	}
	n, err := b.Desk.EndedSince(supervisor, control.Query{}, start.Add(54*time.Minute+30*time.Second))
	if err != nil || n != 2 {
		t.Errorf("%d ended since, %v", n, err)
	}
}

func TestCallsAreFiltered(t *testing.T) {
	b := controltest.New(t)
	b.Demo(t)
	now := time.Now()
	for name, c := range map[string]struct {
		q    control.Query
		want int
	}{
		"all": {control.Query{}, 5}, "line": {control.Query{Line: "parking"}, 2}, "no such line": {control.Query{Line: "x"}, 0},
		"part of a number": {control.Query{Number: "96012"}, 2}, "paused": {control.Query{Paused: true}, 1},
		"from": {control.Query{From: now.Add(-150 * time.Minute)}, 2}, "to": {control.Query{To: now.Add(-25 * time.Hour)}, 2},
		"both":              {control.Query{From: now.Add(-27 * time.Hour), To: now.Add(-150 * time.Minute)}, 2},
		"all there is":      {control.Query{Line: "parking", Number: "0123", Paused: true, From: now.Add(-2 * time.Hour)}, 1},
		"paused, elsewhere": {control.Query{Line: "repairs", Paused: true}, 0},
	} {
		page, err := b.Desk.Calls(supervisor, c.q)
		if err != nil || len(page.Calls) != c.want || page.Total != c.want {
			t.Errorf("%s: %d calls of %d, want %d, %v", name, len(page.Calls), page.Total, c.want, err)
		}
	}
}

func TestCallSaysWhatItIs(t *testing.T) {
	b := controltest.New(t)
	c, err := b.Desk.Call(supervisor, string(b.Demo(t)[4]))
	if err != nil {
		t.Fatal(err)
	}
	want := control.Gap{From: 18 * time.Second, To: 27500 * time.Millisecond, Cause: control.CausePaused, By: "terminal parking-1", Reason: "card payment"}
	if !slices.Equal(c.Gaps, []control.Gap{want}) || c.Length != 42*time.Second || c.Recorded != 32500*time.Millisecond ||
		c.Legs != 2 || c.Live || c.Interrupted || c.Damaged || c.Ended != control.EndHungUp || !c.ClockTrusted || c.LineName != "Parking fines" {
		t.Errorf("%+v", c)
	}
	if _, err := b.Desk.Call(supervisor, "01ABCDEFGHJKMNPQRSTVWXYZ00"); !errors.Is(err, control.ErrNoCall) {
		t.Errorf("no such call: %v", err)
	}
	if _, err := b.Desk.Call(supervisor, "../../etc/passwd"); !errors.Is(err, control.ErrNoCall) {
		t.Errorf("not an id at all: %v", err)
	}
}

func TestLiveCallIsSeenNotHeard(t *testing.T) {
	b := controltest.New(t)
	id := string(b.Record(t, controltest.Call{Line: "one", Start: time.Now().Add(-2 * time.Second), Length: 2 * time.Second, Unfinished: true}))
	c, err := b.Desk.Call(supervisor, id)
	if err != nil || !c.Live || c.Interrupted {
		t.Errorf("live %v, interrupted %v, %v", c.Live, c.Interrupted, err)
	}
	if _, err := b.Desk.Listen(supervisor, id, quality, ""); !errors.Is(err, control.ErrLive) {
		t.Errorf("listening: %v", err)
	}
	if n, err := b.Desk.EndedSince(supervisor, control.Query{}, time.Now().Add(-time.Hour)); n != 0 || err != nil {
		t.Errorf("%d ended, %v", n, err)
	}
}

// The picture is silent where the call was paused (TestInvariantNoLeak of the waveform), and
// the legs are apart.
func TestPictureIsSilentInPauses(t *testing.T) {
	b := controltest.New(t)
	p, err := b.Desk.Picture(supervisor, string(b.Demo(t)[4]))
	if err != nil || len(p.Legs) != 2 || p.Length != 42*time.Second {
		t.Fatalf("%d legs, %v, %v", len(p.Legs), p.Length, err)
	}
	at := func(d time.Duration) int { return int(int64(len(p.Legs[0])) * int64(d) / int64(p.Length)) }
	for leg, points := range p.Legs {
		if len(points) != 420 {
			t.Errorf("leg %d has %d points", leg, len(points))
		}
		if loudest := slices.Max(points[at(18*time.Second)+2 : at(27500*time.Millisecond)-2]); loudest != 0 {
			t.Errorf("leg %d sounds in the pause: %d", leg, loudest)
		}
		if loudest := slices.Max(points); loudest < 20 {
			t.Errorf("leg %d is silent: %d", leg, loudest)
		}
	}
}

func TestPictureOfALongCallIsThinned(t *testing.T) {
	b := controltest.New(t)
	id := b.Record(t, controltest.Call{Line: "one", Start: time.Now().Add(-time.Hour), Length: 130 * time.Second, End: "hung up"})
	p, err := b.Desk.Picture(supervisor, string(id))
	if err != nil || len(p.Legs) != 2 || len(p.Legs[0]) != 1200 {
		t.Fatalf("%+v, %v", p, err)
	}
	if slices.Max(p.Legs[0]) < 20 {
		t.Error("thinned to silence")
	}
}

func TestLinesAndStatus(t *testing.T) {
	b := controltest.New(t)
	b.Board.Set(controltest.Lines())
	board, err := b.Desk.Lines(t.Context(), supervisor)
	if err != nil || len(board.Lines) != 4 || board.Lines[1].State != control.Paused || board.Lines[1].PausedBy[0] != "terminal parking-1" {
		t.Fatalf("%+v, %v", board, err)
	}
	seen := 0
	for board, err := range b.Desk.Watch(t.Context(), supervisor) {
		if err != nil || len(board.Lines) != 4 {
			t.Fatalf("%+v, %v", board, err)
		}
		if seen++; seen == 3 {
			break
		}
	}
	s, err := b.Desk.Status(t.Context(), admin)
	if err != nil || s.Recorder != "" || s.DiskAll <= 0 || s.DiskFree > s.DiskAll || s.Version != "test" {
		t.Errorf("%+v, %v", s, err)
	}
}

// Damage breaks a sound once, at most; from then on it is told before it is met, and the rest
// plays.
func TestDamageIsSaidInAdvance(t *testing.T) {
	b := controltest.New(t)
	id := string(b.Record(t, controltest.Call{Line: "one", Start: time.Now().Add(-time.Hour), Length: 8 * time.Second, End: "hung up"}))
	permit, err := b.Desk.Listen(supervisor, id, quality, "")
	if err != nil {
		t.Fatal(err)
	}
	b.Damage(t, 3)
	s, err := b.Desk.Audio(supervisor, id, permit, control.Ogg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, s); err == nil {
		t.Error("damage that nobody knew of went unnoticed")
	}
	c, err := b.Desk.Call(supervisor, id)
	if err != nil || !c.Damaged || len(c.Gaps) != 1 || c.Gaps[0].Cause != control.CauseDamaged || c.Recorded >= c.Length {
		t.Fatalf("%+v, %v", c, err)
	}
	p, err := b.Desk.Picture(supervisor, id)
	if err != nil || !slices.Equal(p.Gaps, c.Gaps) {
		t.Errorf("the picture has %v, %v", p.Gaps, err)
	}
	for _, f := range []control.Format{control.Ogg, control.WAV} {
		s, err := b.Desk.Audio(supervisor, id, permit, f)
		if err != nil {
			t.Fatal(err)
		}
		if n, err := io.Copy(io.Discard, s); err != nil || n != s.Size {
			t.Errorf("%s: %d bytes of %d, %v", f, n, s.Size, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
