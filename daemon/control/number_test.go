package control

import "testing"

func TestDialled(t *testing.T) {
	for typed, want := range map[string]string{
		"020 7946 0018":       "02079460018",
		"+44 20 7946 0018":    "02079460018",
		" +44 20 7946 0018":   "02079460018",
		"+44 (0)20 7946 0018": "02079460018",
		"0044 20 7946 0018":   "02079460018",
		"(020) 7946-0018":     "02079460018",
		"44":                  "44", // a part of a number, or an extension
		"+1 212 555 0100":     "12125550100",
		"*21#":                "*21#",
		"٣":                   "", // a digit, and on no dial
		"Smith":               "",
		"":                    "",
	} {
		if got := Dialled(typed); got != want {
			t.Errorf("%q is dialled %q, want %q", typed, got, want)
		}
	}
}
