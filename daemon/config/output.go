package config

import (
	"slices"
	"strings"
)

// Output is a GPIO output: a lamp or a relay.
type Output struct {
	Name      string   `toml:"name"`
	Pin       string   `toml:"pin"` // by name or number
	Lines     []string `toml:"lines"`
	When      string   `toml:"when"`       // "paused" or "recording"
	ActiveLow bool     `toml:"active_low"` // it is on while the pin is low
}

// Group is lines that are named together, as "group:NAME" wherever lines are.
type Group struct {
	Name  string   `toml:"name"`
	Lines []string `toml:"lines"`
}

const groupPrefix = "group:"

func (c *Config) checkOutputs() *fault {
	for i, o := range c.Output {
		switch {
		case o.Name == "":
			return wrong("output", i, "name", "an output needs a name: people will read it in alarms")
		case slices.ContainsFunc(c.Output[:i], func(p Output) bool { return p.Name == o.Name }):
			return wrong("output", i, "name", "there are two outputs %q", o.Name)
		case o.Pin == "":
			return wrong("output", i, "pin", "an output needs a pin")
		case slices.ContainsFunc(c.Output[:i], func(p Output) bool { return p.Pin == o.Pin }):
			return wrong("output", i, "pin", "there are two outputs on pin %q", o.Pin)
		case slices.ContainsFunc(c.Contact, func(k Contact) bool { return k.Pin == o.Pin }):
			return wrong("output", i, "pin", "a contact is on pin %q", o.Pin)
		case o.When != "paused" && o.When != "recording":
			return wrong("output", i, "when", "%q is not \"paused\" or \"recording\"", o.When)
		}
		if f := c.linesExist("output", i, o.Lines); f != nil {
			return f
		}
	}
	return nil
}

func (c *Config) checkGroups() *fault {
	for i, g := range c.Group {
		switch {
		case g.Name == "":
			return wrong("group", i, "name", "a group needs a name")
		case slices.ContainsFunc(c.Group[:i], func(o Group) bool { return o.Name == g.Name }):
			return wrong("group", i, "name", "there are two groups %q", g.Name)
		case slices.ContainsFunc(g.Lines, func(l string) bool { return strings.HasPrefix(l, groupPrefix) }):
			return wrong("group", i, "lines", "a group holds lines, and no other group")
		}
		if f := c.linesExist("group", i, g.Lines); f != nil {
			return f
		}
	}
	return nil
}

// ungroup puts the lines of each group where the group is named. A group that there is not is
// left, and refused as a line that there is not.
func (c *Config) ungroup() {
	for _, lines := range c.lineLists() {
		var all []string
		for _, l := range *lines {
			name, is := strings.CutPrefix(l, groupPrefix)
			i := slices.IndexFunc(c.Group, func(g Group) bool { return g.Name == name })
			named := []string{l}
			if is && i >= 0 {
				named = c.Group[i].Lines
			}
			for _, n := range named {
				if !slices.Contains(all, n) {
					all = append(all, n)
				}
			}
		}
		*lines = all
	}
}

// lineLists are the lists of lines in which a group may be named.
func (c *Config) lineLists() (lists []*[]string) {
	for i := range c.Contact {
		lists = append(lists, &c.Contact[i].Lines)
	}
	for i := range c.Terminal {
		lists = append(lists, &c.Terminal[i].Lines)
	}
	for i := range c.Output {
		lists = append(lists, &c.Output[i].Lines)
	}
	for i := range c.Webhook {
		lists = append(lists, &c.Webhook[i].Lines)
	}
	return lists
}
