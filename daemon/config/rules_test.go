package config

import (
	"strings"
	"testing"
)

const rules = `
[[schedule]]
name = "elections"
windows = ["2026-04-01 to 2026-05-07"]

[[ddi]]
digits = "7000"
number = "020 8825 7000"
name = "Customer services"

[[ddi]]
digits = "57000"
number = "020 8825 7000"
name = "Longer"
lines = ["Parking"]
class = "elections"
schedule = "elections"
`

// Of the numbers that fit what the line delivered, the longest counts, and only on its lines.
func TestDDIOf(t *testing.T) {
	c, err := Parse("box.toml", []byte(good+rules))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ line, called, want string }{
		{"council-tax", "7000", "Customer services"},
		{"council-tax", "02088257000", "Customer services"},
		{"council-tax", "57000", "Customer services"},
		{"parking", "57000", "Longer"},
		{"parking", "7000", "Customer services"},
		{"parking", "000", ""},
		{"parking", "7001", ""},
		{"parking", "", ""},
	} {
		if d, _ := c.DDIOf(ID(row.line), row.called); d.Name != row.want {
			t.Errorf("%s on %s is %q, want %q", row.called, row.line, d.Name, row.want)
		}
	}
	if d := c.DDI[0]; d.Number != "02088257000" {
		t.Errorf("%+v", d)
	}
	if all := c.Classes(); len(all) != 2 || all[1] != "elections" {
		t.Errorf("classes %v", all)
	}
}

func TestRulesAreChecked(t *testing.T) {
	for add, want := range map[string]string{
		"[[ddi]]\ndigits = \"70a\"\n":                                                      "digits: \"70a\" is not",
		"[[ddi]]\ndigits = \"7000\"\nname = \"Twice\"\n":                                   "digits: 7000 is \"Customer services\" already",
		"[[ddi]]\ndigits = \"7001\"\nnumber = \"020 8825 7000\"\n":                         "number: \"02088257000\" does not end in 7001",
		"[[ddi]]\ndigits = \"7001\"\nrecord = \"maybe\"\n":                                 "record: \"maybe\"",
		"[[ddi]]\ndigits = \"7001\"\nschedule = \"never\"\n":                               "schedule: there is no schedule \"never\"",
		"[[ddi]]\ndigits = \"7001\"\nlines = [\"Nobody\"]\n":                               "lines: there is no line \"Nobody\"",
		"[[ddi]]\ndigits = \"7001\"\nclass = \"No Class\"\n":                               "class: \"No Class\"",
		"[[schedule]]\nwindows = []\n":                                                     "name: a schedule needs a name",
		"[[schedule]]\nname = \"elections\"\n":                                             "name: there is another schedule",
		"[[schedule]]\nname = \"x\"\nhours = [\"noon\"]\n":                                 "hours: \"noon\" is not opening hours",
		"[[schedule]]\nname = \"x\"\nbank_holidays = \"no\"\n":                             "bank_holidays: \"no\"",
		"[[line]]\nname = \"X\"\ncard = \"rear\"\nchannels = [5]\nrecord = \"some\"\n":     "record: \"some\"",
		"[[line]]\nname = \"X\"\ncard = \"rear\"\nchannels = [5]\nschedule = \"no\"\n":     "schedule: there is no schedule \"no\"",
		"[[line]]\nname = \"X\"\ncard = \"rear\"\nchannels = [5]\nopen = \"no\"\n":         "open: there is no schedule \"no\"",
		"[[line]]\nname = \"X\"\ncard = \"rear\"\nchannels = [5]\nsilent_after = \"1s\"\n": "silent_after: 1s is outside",
	} {
		_, err := Parse("box.toml", []byte(good+rules+add))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", add, err, want)
		}
	}
}
