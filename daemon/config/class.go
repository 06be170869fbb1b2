package config

import (
	"slices"

	"linevault/storage"
)

// Class is how long the calls of a retention class are kept.
type Class struct {
	Name        string `toml:"name"`
	KeepAtLeast string `toml:"keep_at_least"` // such as "90 days"
	KeepAtMost  string `toml:"keep_at_most"`  // such as "18 months"; without it, until somebody destroys them
}

func (c *Config) checkClasses() *fault {
	if k := c.Storage.Clock; k != "ntp" && k != "trusted" {
		return wrong("storage", 0, "clock", "%q is not \"ntp\" or \"trusted\"", k)
	}
	seen := map[string]bool{}
	for i, k := range c.Class {
		least, leastErr := k.term(k.KeepAtLeast)
		most, mostErr := k.term(k.KeepAtMost)
		switch {
		case !classForm.MatchString(k.Name):
			return wrong("class", i, "name", "%q is not lower-case letters, digits and hyphens", k.Name)
		case seen[k.Name]:
			return wrong("class", i, "name", "there is another class %q", k.Name)
		case leastErr != nil:
			return wrong("class", i, "keep_at_least", "%v", leastErr)
		case mostErr != nil:
			return wrong("class", i, "keep_at_most", "%v", mostErr)
		case most.N > 0 && least.N > 0 && most.Less(least):
			return wrong("class", i, "keep_at_most", "%s can be over before %s are, which keep_at_least says", most, least)
		}
		seen[k.Name] = true
	}
	return nil
}

// term reads a term; nothing is none.
func (Class) term(s string) (storage.Term, error) {
	if s == "" {
		return storage.Term{}, nil
	}
	return storage.ParseTerm(s)
}

// Policies is how long calls of each class are kept.
func (c *Config) Policies() []storage.Policy {
	var list []storage.Policy
	for _, k := range c.Class {
		p := storage.Policy{Class: k.Name}
		p.AtLeast, _ = k.term(k.KeepAtLeast) // it was checked
		p.AtMost, _ = k.term(k.KeepAtMost)   // it was checked
		list = append(list, p)
	}
	return list
}

// withNamed adds the classes that have a table of their own.
func (c *Config) withNamed(classes []string) []string {
	for _, k := range c.Class {
		if !slices.Contains(classes, k.Name) {
			classes = append(classes, k.Name)
		}
	}
	return classes
}
