package api

import (
	"strings"
	"testing"
	"time"

	"linevault/daemon/link"
)

// A terminal is told that a call is not recorded although it should be, and why.
func TestUnrecordedLine(t *testing.T) {
	b := newBox(t)
	is := func(want link.State) Line {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
			s := b.want(200, "GET", "/v1/lines/parking", "")
			if s.State == want {
				return s.Line
			}
			if time.Now().After(deadline) {
				t.Fatalf("the line is %s, want %s", s.State, want)
			}
		}
	}
	b.recorder.Writer.StopSound("the disk is full")
	if s := is(link.Unrecorded); !strings.Contains(s.Problem, "the disk is full") {
		t.Errorf("%+v", s)
	}
	if p := b.want(200, "PUT", "/v1/lines/parking/pause", ""); p.State != link.Paused || p.Line.Problem != "" {
		t.Errorf("a pause: %+v", p)
	}
	if p := b.want(200, "DELETE", "/v1/lines/parking/pause", ""); p.State != link.Unrecorded || !strings.Contains(p.Line.Problem, "the disk is full") {
		t.Errorf("a resume: %+v", p)
	}
	b.recorder.Writer.StopSound("")
	if s := is(link.Recording); s.Problem != "" {
		t.Errorf("%+v", s)
	}
}
