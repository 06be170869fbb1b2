package config

import (
	"slices"
	"strings"
	"testing"
)

func TestClasses(t *testing.T) {
	c, err := Parse("x.toml", []byte("[[class]]\nname = \"parking\"\nkeep_at_least = \"90 days\"\nkeep_at_most = \"18 months\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	p := c.Policies()
	if len(p) != 1 || p[0].Class != "parking" || p[0].AtLeast.String() != "90 days" || p[0].AtMost.String() != "18 months" {
		t.Errorf("%+v", p)
	}
	if !slices.Contains(c.Classes(), "parking") {
		t.Errorf("%q", c.Classes())
	}
	for text, want := range map[string]string{
		"[[class]]\nname = \"a\"\nkeep_at_least = \"1 month\"\nkeep_at_most = \"30 days\"\n": "x.toml:4:1: keep_at_most: 30 days can be over before 1 month",
		"[[class]]\nname = \"a\"\nkeep_at_most = \"2 weeks\"\n":                              "is not a term such as",
		"[[class]]\nname = \"a\"\n[[class]]\nname = \"a\"\n":                                 "there is another class",
		"[[class]]\nname = \"A b\"\n":                                                        "is not lower-case",
		"[storage]\nclock = \"sundial\"\n":                                                   "is not \"ntp\" or \"trusted\"",
	} {
		if _, err := Parse("x.toml", []byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
