package api

import (
	"strings"
	"testing"
	"time"

	"linevault/codec/pcm"
)

// alarms is a board that only remembers.
type alarms map[string]string

func (a alarms) Raise(key string, _ pcm.LineID, text string) { a[key] = text }
func (a alarms) Clear(key string)                            { delete(a, key) }

// An alarm comes two weeks before a terminal may not ask any more, another text when it may
// not, and none without a last day.
func TestExpiryIsToldBefore(t *testing.T) {
	board := alarms{}
	last := time.Date(2027, 3, 31, 23, 59, 59, 0, time.UTC)
	a := &API{Settings: Settings{Health: board}, terminals: []*terminal{
		{Terminal: Terminal{Name: "till", Expires: last}}, {Terminal: Terminal{Name: "ivr"}},
	}}
	for _, c := range []struct {
		days int
		want string
	}{{-30, ""}, {-13, "may ask until 31 March 2027 only"}, {1, "pauses nothing"}, {-30, ""}} {
		a.expiries(last.AddDate(0, 0, c.days))
		text, on := board["expires till"]
		if on != (c.want != "") || !strings.Contains(text, c.want) || len(board) > 1 {
			t.Errorf("%d days: %v", c.days, board)
		}
	}
}
