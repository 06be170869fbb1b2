package config

import (
	"slices"
	"strings"
	"testing"
)

// A group stands for its lines wherever lines are named, each line once.
func TestGroups(t *testing.T) {
	c, err := Parse("box.toml", []byte(good+`
[[group]]
name = "desks"
lines = ["Parking", "Council tax"]
[[contact]]
name = "till"
pin = "4"
lines = ["group:desks"]
[[output]]
name = "lamp"
pin = "5"
lines = ["Parking", "group:desks"]
when = "paused"
[[terminal]]
name = "ivr"
lines = ["group:desks"]
token_sha256 = "`+strings.Repeat("0", 64)+`"
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"Parking", "Council tax"}
	for what, got := range map[string][]string{"contact": c.Contact[0].Lines, "output": c.Output[0].Lines, "terminal": c.Terminal[0].Lines} {
		if !slices.Equal(got, want) {
			t.Errorf("the lines of the %s are %q", what, got)
		}
	}
}
