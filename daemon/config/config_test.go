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

const (
	terminal = "\n[[terminal]]\nname = \"till\"\nlines = [\"Parking\"]\n"
	token    = "token_sha256 = \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"\n"
)

func TestTerminalsAreRead(t *testing.T) {
	c, err := Parse("box.toml", []byte(good+terminal+token+"from = [\"10.1.2.3\", \"10.9.9.9/16\"]\nexpires = \"2027-03-31\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	k := c.Terminal[0]
	if n, err := k.Networks(); err != nil || len(n) != 2 || n[0].String() != "10.1.2.3/32" || n[1].String() != "10.9.0.0/16" {
		t.Errorf("networks %v, %v", n, err)
	}
	if u, err := k.Until(); err != nil || u.Format(time.DateTime) != "2027-03-31 23:59:59" {
		t.Errorf("until %v, %v", u, err)
	}
}

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

const pri = `
[[card]]
name = "isdn"
kind = "pri"
network_span = 3
user_span = 4

[[line]]
name = "Housing"
card = "isdn"
channels = [17]
`

func TestParsePRI(t *testing.T) {
	c, err := Parse("box.toml", []byte(pri))
	if err != nil {
		t.Fatal(err)
	}
	if c.Card[0].Network != 3 || c.Card[0].User != 4 || c.Line[0].Detect != "loop" {
		t.Errorf("%+v, %+v", c.Card[0], c.Line[0])
	}
	for _, tc := range []struct{ old, new, want string }{
		{`network_span = 3`, ``, `box.toml:2:3: network_span: a pri card needs`},
		{`user_span = 4`, `user_span = 3`, `box.toml:6:1: user_span: a pri card needs`},
		{`user_span = 4`, "user_span = 4\nrate = 16000", `box.toml:7:1: rate: the timeslots`},
		{`[17]`, `[16]`, `box.toml:11:1: channels: a line of a pri card is one timeslot`},
		{`[17]`, `[1, 2]`, `box.toml:11:1: channels: a line of a pri card is one timeslot`},
	} {
		_, err := Parse("box.toml", []byte(strings.Replace(pri, tc.old, tc.new, 1)))
		if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
			t.Errorf("with %q: %v\nwant %s…", tc.new, err, tc.want)
		}
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
		{`kind = "analogue"`, `kind = "fax"`, `box.toml:7:1: kind: "fax" is not "analogue", "pri" or "replay"`},
		{`device = "lines8"`, ``, `box.toml:5:3: device: an analogue card needs the name of its device`},
		{`hold_back = "5s"`, `on_limit = "go"`, `box.toml:19:1: on_limit: "go" is not "stay" or "resume"`},
		{`hold_back = "5s"`, `on_limit = "resume"` + "\non_pause = \"stop\"", `box.toml:19:1: on_limit: a line whose pauses last`},
		{`hold_back = "5s"`, `pause_code = "12"`, `box.toml:19:1: pause_code: "12" is not`},
		{`hold_back = "5s"`, `pause_code = "*#12"`, `box.toml:15:3: resume_code: "*#12" and "*#1" begin alike`},
		{`hold_back = "5s"`, terminal + `token_sha256 = "12"`, `box.toml:23:1: token_sha256: this is not 64`},
		{`hold_back = "5s"`, terminal, `box.toml:20:3: token_sha256: a terminal needs a token or a certificate`},
		{`hold_back = "5s"`, terminal + `certificate = "till"`, `box.toml:23:1: certificate: set api.client_ca`},
		{`hold_back = "5s"`, terminal + token + `from = ["10.0.0.0/8", "till"]`, `box.toml:24:1: from: `},
		{`hold_back = "5s"`, terminal + token + `expires = "soon"`, `box.toml:24:1: expires: "soon" is not a day`},
		{`hold_back = "5s"`, terminal + token + `heartbeat = "1ms"`, `box.toml:24:1: heartbeat: 1ms is outside 1s to 1h`},
		{`hold_back = "5s"`, terminal + token + terminal + token, `box.toml:26:1: name: there are two terminals "till"`},
		{`hold_back = "5s"`, `hold_back = "0s"` + "\nguard_after = \"-1s\"", `box.toml:20:1: guard_after: -1s is outside`},
		{`hold_back = "5s"`, terminal[:strings.Index(terminal, "lines")] + `lines = ["group:desks"]` + "\n" + token, `box.toml:22:1: lines: there is no group "desks"`},
		{`hold_back = "5s"`, "[[group]]\nname = \"a\"\nlines = [\"Nowhere\"]", `box.toml:21:1: lines: there is no line "Nowhere"`},
		{`hold_back = "5s"`, "[[group]]\nname = \"a\"\nlines = [\"group:a\"]", `box.toml:21:1: lines: a group holds lines`},
		{`hold_back = "5s"`, "[[output]]\nname = \"a\"\npin = \"4\"\nlines = [\"Parking\"]\nwhen = \"x\"", `box.toml:23:1: when: "x" is not`},
		{`hold_back = "5s"`, `manual_limit = "1s"`, `box.toml:19:1: manual_limit: 1s is outside 10s to 1h`},
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
