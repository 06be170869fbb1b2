package linetest

import "strings"

func number(t *Test) verdict {
	switch delivered := string(t.last.FarNumber); {
	case t.setup.From == "":
		return verdict{skip: "no number was given to compare with"}
	case delivered == "" && t.Waited() < settling:
		return verdict{}
	case delivered == "":
		return verdict{wrong: noNumber(t)}
	case !same(delivered, t.setup.From):
		return verdict{seen: "a number that is not the one given", wrong: "The line delivered another number than the one that you gave. " +
			"If you rang through a switchboard, it sends its own; otherwise check that this call came in on this line." + again}
	}
	return verdict{seen: "it is the one given", pass: true}
}

func noNumber(t *Test) string {
	advice := "No number came with the call. Check that the telephone that you rang from does not withhold its number (dial 1470 first)"
	switch t.last.Wiring.Kind {
	case "analogue":
		advice += ", that Caller Display is ordered for this line, and that the tap is on the exchange's side of the switchboard"
	case "pri":
		advice += ", and that Calling Line Identity is ordered for this circuit"
	}
	return advice + "." + again
}

// same reports whether two numbers are one, as far as both are given: a line may deliver it with
// or without the country and the area.
func same(a, b string) bool {
	a, b = subscriber(a), subscriber(b)
	n := min(len(a), len(b))
	return n >= 6 && a[len(a)-n:] == b[len(b)-n:] || n > 0 && a == b
}

func subscriber(n string) string {
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, n)
	for _, prefix := range []string{"0044", "44", "0"} {
		if rest, ok := strings.CutPrefix(digits, prefix); ok && len(rest) >= 9 {
			return rest
		}
	}
	return digits
}
