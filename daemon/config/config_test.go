package config

import (
	"strings"
	"testing"
	"time"
)

const good = `
[site]
name = "Borough Council"

[[card]]
name = "rear"
kind = "analogue"
device = "lines8"

[[line]]
name = "Council tax"
card = "rear"
channels = [1, 2]

[[line]]
name = "Parking"
card = "rear"
channels = [3]
hold_back = "5s"
`

func TestParseFillsInDefaults(t *testing.T) {
	c, err := Parse("box.toml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if l := c.Line[1]; time.Duration(*l.HoldBack) != 5*time.Second || time.Duration(*l.GuardBefore) != 500*time.Millisecond ||
		l.Detect != "voice" || l.Class != "standard" || ID(l.Name) != "parking" || ID(c.Line[0].Name) != "council-tax" {
		t.Errorf("line = %+v", l)
	}
	if c.Card[0].Rate != 8000 || c.Web.Listen != "127.0.0.1:8443" {
		t.Errorf("config = %+v", c)
	}
}

// Every fault names the file, line and column, and says what would be right.
func TestFaultsAreTold(t *testing.T) {
	for _, tc := range []struct{ old, new, want string }{
		{`name = "Borough Council"`, `nmae = "x"`, `box.toml:3:1: there is no setting "site.nmae"`},
		{`device = "lines8"`, `device = 8`, `box.toml:8:10: `},
		{`hold_back = "5s"`, `hold_back = "1h"`, `box.toml:19:1: hold_back: 1h0m0s is outside 0s to 30s`},
		{`hold_back = "5s"`, `hold_back = "soon"`, `box.toml:19:13: `},
		{"card = \"rear\"\nchannels = [3]", "card = \"front\"\nchannels = [3]", `box.toml:17:1: card: there is no card "front"; cards are "rear"`},
		{`channels = [3]`, `channels = [2]`, `box.toml:18:1: channels: channel 2 of card "rear" is line "Council tax" already`},
		{`name = "Parking"`, `name = "Council Tax"`, `box.toml:16:1: name: "Council tax" and "Council Tax" would both be called council-tax`},
		{`kind = "analogue"`, `kind = "fax"`, `box.toml:7:1: kind: "fax" is not "analogue" or "replay"`},
		{`device = "lines8"`, ``, `box.toml:5:3: device: an analogue card needs the name of its device`},
		{`hold_back = "5s"`, `hold_back = "0s"` + "\nguard_after = \"-1s\"", `box.toml:20:1: guard_after: -1s is outside`},
		{`[site]`, `[site`, `box.toml:2:`},
	} {
		_, err := Parse("box.toml", []byte(strings.Replace(good, tc.old, tc.new, 1)))
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("with %q: %v\nwant %s…", tc.new, err, tc.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte("[[terminal]]\nname='x'\nlines=['a']\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := Parse("f", b); err != nil && !strings.HasPrefix(err.Error(), "f") && !strings.Contains(err.Error(), "f:") {
			t.Errorf("an error without the file's name: %v", err)
		}
	})
}
