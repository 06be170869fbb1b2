package web

import (
	"strings"
	"testing"

	"linevault/daemon/auth"
	"linevault/daemon/control/controltest"
)

// The lines page and the page to pause a line by hand say of a call that is not recorded, although
// it should be, that it is not, and why.
func TestUnrecordedOnThePages(t *testing.T) {
	s := open(t)
	c := s.client(t, "ann", auth.Supervisor, auth.Engineer)
	now := controltest.Lines()
	now.Lines[0].State, now.Lines[0].Problem = "unrecorded", "This call is not being recorded: the disk is full."
	s.Board.Set(now)
	for _, path := range []string{"/lines", "/lines/council-tax/pause"} {
		a, body := s.get(t, c, path)
		if a.StatusCode != 200 || !strings.Contains(body, "Not being recorded") || !strings.Contains(body, "the disk is full") ||
			strings.Contains(body, ">Recording<") {
			t.Errorf("%s: %d, %s", path, a.StatusCode, body)
		}
	}
}
