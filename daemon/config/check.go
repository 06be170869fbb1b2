package config

import (
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/pause/keypad"
)

// fault is what is wrong with one value.
type fault struct {
	path path
	text string
}

func wrong(table string, index int, key, format string, args ...any) *fault {
	return &fault{path{table, index, key}, fmt.Sprintf("%s: ", key) + fmt.Sprintf(format, args...)}
}

// ID is a line's name made safe for paths and addresses: "Council tax" is council-tax.
func ID(name string) pcm.LineID {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	return pcm.LineID(strings.Trim(b.String(), "-"))
}

var (
	classForm  = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
	colourForm = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
)

// check finds the first value that cannot be right.
func (c *Config) check() *fault {
	if !colourForm.MatchString(c.Site.Colour) {
		return wrong("site", 0, "colour", "%q is not a colour such as \"#1d70b8\"", c.Site.Colour)
	}
	if f := c.checkRecovery(); f != nil {
		return f
	}
	for name, listen := range map[string]string{"web": c.Web.Listen, "api": c.API.Listen} {
		if _, _, err := net.SplitHostPort(listen); err != nil {
			return wrong(name, 0, "listen", "%q is not an address and port such as \"127.0.0.1:8443\"", listen)
		}
	}
	if d := time.Duration(c.Storage.Commit); d < 100*time.Millisecond || d > time.Second {
		return wrong("storage", 0, "commit", "%v is outside 100ms to 1s", d)
	}
	if d := c.Storage.ScrubDays; d < 0 || d > 365 {
		return wrong("storage", 0, "scrub_days", "%d is outside 0 to 365", d)
	}
	if c.Syslog.Address == "" && c.Syslog.CA != "" {
		return wrong("syslog", 0, "ca", "%q is of no use without an address", c.Syslog.CA)
	}
	if f := c.checkRoom(); f != nil {
		return f
	}
	for _, f := range []func() *fault{c.checkCards, c.checkLines, c.checkGroups, c.checkContacts, c.checkOutputs, c.checkWebhooks, c.checkTerminals, c.checkClasses, c.checkRules} {
		if f := f(); f != nil {
			return f
		}
	}
	return nil
}

func (c *Config) checkCards() *fault {
	seen := map[string]bool{}
	for i, k := range c.Card {
		switch {
		case k.Name == "":
			return wrong("card", i, "name", "a card needs a name")
		case seen[k.Name]:
			return wrong("card", i, "name", "there is another card %q", k.Name)
		case k.Kind != "analogue" && k.Kind != "pri" && k.Kind != "replay":
			return wrong("card", i, "kind", "%q is not \"analogue\", \"pri\" or \"replay\"", k.Kind)
		case k.Kind == "analogue" && k.Device == "":
			return wrong("card", i, "device", "an analogue card needs the name of its device; `linevault card --list` shows those there are")
		case k.Kind == "pri" && k.Network < 1:
			return wrong("card", i, "network_span", "a pri card needs DAHDI's number of the span that hears what the network sends")
		case k.Kind == "pri" && (k.User < 1 || k.User == k.Network):
			return wrong("card", i, "user_span", "a pri card needs DAHDI's number of the span that hears what the switchboard sends")
		case k.Kind == "pri" && k.Rate != 8000:
			return wrong("card", i, "rate", "the timeslots of a pri card have 8000 samples per second")
		case k.Rate != 8000 && k.Rate != 16000:
			return wrong("card", i, "rate", "%d is not 8000 or 16000", k.Rate)
		case k.Speed < 0:
			return wrong("card", i, "speed", "%v is less than 0", k.Speed)
		}
		seen[k.Name] = true
	}
	return nil
}

func (c *Config) checkLines() *fault {
	seen := map[pcm.LineID]string{}
	used := map[string]string{}
	for i, l := range c.Line {
		bad := func(key, format string, args ...any) *fault { return wrong("line", i, key, format, args...) }
		id := ID(l.Name)
		k := c.card(l.Card)
		switch {
		case id == "":
			return bad("name", "a line needs a name with letters or digits")
		case seen[id] != "":
			return bad("name", "%q and %q would both be called %s", seen[id], l.Name, id)
		case k == nil:
			return bad("card", "there is no card %q; cards are %s", l.Card, c.cardNames())
		case k.Kind == "analogue" && (len(l.Channels) == 0 || len(l.Channels) > 2):
			return bad("channels", "an analogue line is one channel (both parties mixed) or two (near, far)")
		case k.Kind == "pri" && (len(l.Channels) != 1 || l.Channels[0] < 1 || l.Channels[0] > 31 || l.Channels[0] == 16):
			return bad("channels", "a line of a pri card is one timeslot, 1 to 31 but not 16")
		case k.Kind == "replay" && len(l.Script) == 0:
			return bad("script", "a line of a replay card needs at least one script")
		case !classForm.MatchString(l.Class):
			return bad("class", "%q is not lower-case letters, digits and hyphens", l.Class)
		case l.Detect != "voice" && l.Detect != "loop":
			return bad("detect", "%q is not \"voice\" or \"loop\"", l.Detect)
		case l.OnPause != "resume" && l.OnPause != "stop":
			return bad("on_pause", "%q is not \"resume\" or \"stop\"", l.OnPause)
		case l.OnLimit != "stay" && l.OnLimit != "resume":
			return bad("on_limit", "%q is not \"stay\" or \"resume\"", l.OnLimit)
		case l.OnLimit == "resume" && l.OnPause == "stop":
			return bad("on_limit", "a line whose pauses last to the end of the call does not resume at a limit")
		case !keypad.Valid(*l.PauseCode):
			return bad("pause_code", "%q is not 2 to 8 of 0-9, * and #, one of them * or #", *l.PauseCode)
		case !keypad.Valid(*l.ResumeCode):
			return bad("resume_code", "%q is not 2 to 8 of 0-9, * and #, one of them * or #", *l.ResumeCode)
		case *l.PauseCode != "" && *l.ResumeCode != "" && (strings.HasPrefix(*l.PauseCode, *l.ResumeCode) || strings.HasPrefix(*l.ResumeCode, *l.PauseCode)):
			return bad("resume_code", "%q and %q begin alike", *l.PauseCode, *l.ResumeCode)
		case l.Complexity < 1 || l.Complexity > 10:
			return bad("complexity", "%d is outside 1 to 10", l.Complexity)
		}
		for _, t := range []struct {
			key       string
			v         Duration
			low, high time.Duration
		}{
			{"hangover", l.Hangover, time.Second, 10 * time.Minute},
			{"minimum", l.Minimum, 20 * time.Millisecond, 10 * time.Second},
			{"maximum", l.Maximum, time.Minute, 24 * time.Hour},
			{"hold_back", *l.HoldBack, 0, 30 * time.Second},
			{"guard_before", *l.GuardBefore, 0, 5 * time.Second},
			{"guard_after", *l.GuardAfter, 0, 5 * time.Second},
			{"pause_limit", *l.PauseLimit, 0, 24 * time.Hour},
			{"manual_limit", *l.ManualLimit, 10 * time.Second, time.Hour},
		} {
			if d := time.Duration(t.v); d < t.low || d > t.high {
				return bad(t.key, "%v is outside %v to %v", d, t.low, t.high)
			}
		}
		for _, ch := range l.Channels {
			if ch < 1 || ch > 256 {
				return bad("channels", "%d is not a channel: they count from 1", ch)
			}
			at := fmt.Sprintf("%s/%d", l.Card, ch)
			if other := used[at]; other != "" {
				return bad("channels", "channel %d of card %q is line %q already", ch, l.Card, other)
			}
			used[at] = l.Name
		}
		seen[id] = l.Name
	}
	return nil
}

func (c *Config) checkContacts() *fault {
	for i, k := range c.Contact {
		switch {
		case k.Name == "":
			return wrong("contact", i, "name", "a contact needs a name: people will read it as who asked for a pause")
		case k.Pin == "":
			return wrong("contact", i, "pin", "a contact needs a pin")
		case k.Does != "pause" && k.Does != "loop" && k.Does != "ring":
			return wrong("contact", i, "does", "%q is not \"pause\", \"loop\" or \"ring\"", k.Does)
		}
		if d := time.Duration(*k.StuckAfter); d < 0 || d > 24*time.Hour {
			return wrong("contact", i, "stuck_after", "%v is outside 0s to 24h", d)
		}
		if f := c.linesExist("contact", i, k.Lines); f != nil {
			return f
		}
	}
	return nil
}

func (c *Config) linesExist(table string, i int, lines []string) *fault {
	if len(lines) == 0 {
		return wrong(table, i, "lines", "name at least one line")
	}
	for _, l := range lines {
		if !slices.ContainsFunc(c.Line, func(o Line) bool { return ID(o.Name) == ID(l) }) {
			if name, is := strings.CutPrefix(l, groupPrefix); is {
				return wrong(table, i, "lines", "there is no group %q", name)
			}
			return wrong(table, i, "lines", "there is no line %q", l)
		}
	}
	return nil
}

func (c *Config) card(name string) *Card {
	for i := range c.Card {
		if c.Card[i].Name == name {
			return &c.Card[i]
		}
	}
	return nil
}

func (c *Config) cardNames() string {
	if len(c.Card) == 0 {
		return "none"
	}
	var names []string
	for _, k := range c.Card {
		names = append(names, fmt.Sprintf("%q", k.Name))
	}
	return strings.Join(names, ", ")
}

// Classes are the retention classes in use, each once.
func (c *Config) Classes() []string {
	classes := []string{"standard"}
	for _, l := range c.Line {
		if !slices.Contains(classes, l.Class) {
			classes = append(classes, l.Class)
		}
	}
	for _, d := range c.DDI {
		if d.Class != "" && !slices.Contains(classes, d.Class) {
			classes = append(classes, d.Class)
		}
	}
	return c.withNamed(classes)
}
