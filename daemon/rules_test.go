package main

import (
	"testing"
	"time"

	"linevault/daemon/call"
	"linevault/daemon/config"
)

const ruled = `
[[card]]
name = "trunk"
kind = "pri"
network_span = 1
user_span = 2
[[line]]
name = "Trunk 1"
card = "trunk"
channels = [1]
class = "usual"
record = "in"
[[line]]
name = "Trunk 2"
card = "trunk"
channels = [2]
record = "out"
[[line]]
name = "Trunk 3"
card = "trunk"
channels = [3]
record = "none"
[[schedule]]
name = "Elections"
windows = ["2026-04-01 to 2026-05-07"]
[[schedule]]
name = "office"
hours = ["Mon-Fri 09:00-17:00"]
bank_holidays = "closed"
[[ddi]]
digits = "7000"
number = "020 8825 7000"
name = "Customer services"
department = "Contact centre"
[[ddi]]
digits = "7130"
number = "020 8825 7130"
name = "Electoral services"
class = "elections"
schedule = "Elections"
[[ddi]]
digits = "7200"
number = "020 8825 7200"
name = "Staff welfare"
record = "no"
[[ddi]]
digits = "7300"
schedule = "office"
`

// S3.19 and S3.20: short digits are a published number with its department, class and rules, which are applied
// as a call begins, by the clock on the wall; what fits none is the line's own.
func TestClause_S3_20_RulesAtTheStart(t *testing.T) {
	cfg, err := config.Parse("box.toml", []byte(ruled))
	if err != nil {
		t.Fatal(err)
	}
	const in, out = "in", "out"
	for _, row := range []struct {
		line               int
		direction, called  string
		at                 string
		rule, number, name string
		department, class  string
	}{
		{0, in, "7000", "2026-04-10T10:00:00Z", "", "02088257000", "Customer services", "Contact centre", ""},
		{0, in, "02088257000", "2026-04-10T10:00:00Z", "", "02088257000", "Customer services", "Contact centre", ""},
		{0, in, "7999", "2026-04-10T10:00:00Z", "", "", "", "", ""},
		{0, "", "7000", "2026-04-10T10:00:00Z", "", "", "", "", ""},
		{1, out, "0208887000", "2026-04-10T10:00:00Z", "", "", "", "", ""}, // somebody else's number
		{0, out, "7000", "2026-04-10T10:00:00Z", "only incoming calls are recorded", "", "", "", ""},
		{1, in, "", "2026-04-10T10:00:00Z", "only outgoing calls are recorded", "", "", "", ""},
		{2, "", "", "2026-04-10T10:00:00Z", "this line is not recorded", "", "", "", ""},
		{0, in, "7200", "2026-04-10T10:00:00Z", "calls for Staff welfare are not recorded", "02088257200", "Staff welfare", "", ""},
		{0, in, "7130", "2026-03-31T22:59:59Z", "outside window of \"Elections\"", "02088257130", "Electoral services", "", "elections"},
		{0, in, "7130", "2026-03-31T23:00:00Z", "", "02088257130", "Electoral services", "", "elections"},
		{0, in, "7130", "2026-05-07T22:59:59Z", "", "02088257130", "Electoral services", "", "elections"},
		{0, in, "7130", "2026-05-07T23:00:00Z", "outside window of \"Elections\"", "02088257130", "Electoral services", "", "elections"},
		{0, in, "7300", "2026-05-04T10:00:00Z", "bank holiday of \"office\"", "", "", "", ""},
		{0, in, "7300", "2026-05-05T16:30:00Z", "outside hours of \"office\"", "", "", "", ""},
		{0, in, "7300", "2026-05-05T08:30:00Z", "", "", "", "", ""},
	} {
		at, err := time.Parse(time.RFC3339, row.at)
		if err != nil {
			t.Fatal(err)
		}
		l := cfg.Line[row.line]
		r := &rules{cfg: cfg, line: l, id: config.ID(l.Name), schedules: cfg.Schedules()}
		v := r.decide(call.Edge{Direction: row.direction, Called: row.called}, at)
		if v.Rule != row.rule || string(v.Number) != row.number || v.Name != row.name || v.Department != row.department || v.Class != row.class {
			t.Errorf("%+v: %+v", row, v)
		}
	}
}
