package web

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"linevault/daemon/control"
)

// clock is a length as a player shows it: 0:17, 12:05, 1:02:03.
func clock(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// exact is clock with tenths, where there are any: a pause is shown in its true length.
func exact(d time.Duration) string {
	d = d.Round(100 * time.Millisecond)
	s, tenth := d.Truncate(time.Second), d%time.Second/(100*time.Millisecond)
	if tenth == 0 {
		return clock(s)
	}
	return fmt.Sprintf("%s.%d", clock(s), tenth)
}

// exactly is a length in words: 9.5 seconds, 1 minute 4 seconds.
func exactly(d time.Duration) string {
	d = d.Round(100 * time.Millisecond)
	minutes, rest := int(d/time.Minute), d%time.Minute
	unit := "seconds"
	if rest == time.Second {
		unit = "second"
	}
	words := strconv.FormatFloat(rest.Seconds(), 'f', -1, 64) + " " + unit
	switch {
	case minutes == 0:
		return words
	case rest == 0:
		return plural(minutes, "minute")
	}
	return plural(minutes, "minute") + " " + words
}

// spoken is a length in a sentence: 8 seconds, 2 minutes. It rounds up, for waits.
func spoken(d time.Duration) string {
	n, unit := int64((d+time.Second-1)/time.Second), "second"
	if n > 90 {
		n, unit = (n+59)/60, "minute"
	}
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}

// grouped is a count with commas.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// plural is "1 call", "2 calls".
func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + one + "s"
}

// size is a number of bytes, as disks are sold.
func size(n int64) string {
	units := []string{"bytes", "kB", "MB", "GB", "TB"}
	f, i := float64(n), 0
	for f >= 1000 && i < len(units)-1 {
		f, i = f/1000, i+1
	}
	if i == 0 || f >= 100 {
		return fmt.Sprintf("%.0f %s", f, units[i])
	}
	return fmt.Sprintf("%.1f %s", f, units[i])
}

// number groups a telephone number as it is read aloud in the United Kingdom; others are
// left as they are.
func number(n string) string {
	if n == "" {
		return ""
	}
	digits := n
	if rest, ok := strings.CutPrefix(n, "+44"); ok {
		digits = "0" + rest
	}
	if strings.ContainsFunc(digits, func(r rune) bool { return !unicode.IsDigit(r) }) ||
		!strings.HasPrefix(digits, "0") || strings.HasPrefix(digits, "00") {
		return n
	}
	cut := func(at ...int) string {
		var parts []string
		from := 0
		for _, to := range append(at, len(digits)) {
			parts, from = append(parts, digits[from:to]), to
		}
		return strings.Join(parts, " ")
	}
	eleven := len(digits) == 11
	switch {
	case eleven && digits[1] == '2': // 020 7946 0123
		return cut(3, 7)
	case eleven && digits[1] == '1' && (digits[2] == '1' || digits[3] == '1'): // 0113 496 0123
		return cut(4, 7)
	case eleven && strings.ContainsRune("389", rune(digits[1])): // 0303 123 1234
		return cut(4, 7)
	case eleven || len(digits) == 10: // 07700 900123, 01632 960123
		return cut(5)
	}
	return n
}

func otherParty(c control.Call) string {
	if c.FarNumber == "" {
		return "Not known"
	}
	return number(c.FarNumber)
}

func direction(d control.Direction) string {
	switch d {
	case control.In:
		return "Incoming"
	case control.Out:
		return "Outgoing"
	}
	return ""
}

// legName is whose voice a leg carries.
func legName(leg, of int) string {
	switch {
	case of == 1:
		return "Both sides"
	case leg == 0:
		return "Council side"
	}
	return "Other side"
}

// tag is a short word in a coloured box; the colour only repeats what the word says.
type tag struct{ Text, Class string }

func stateTag(s control.State) tag {
	switch s {
	case control.Idle:
		return tag{"Idle", "govuk-tag govuk-tag--grey"}
	case control.Recording:
		return tag{"Recording", "govuk-tag govuk-tag--green"}
	case control.Paused:
		return tag{"Paused", "govuk-tag govuk-tag--yellow"}
	case control.Excluded:
		return tag{"Call, not recorded", "govuk-tag govuk-tag--grey"}
	case control.Unrecorded:
		return tag{"Not being recorded", "govuk-tag govuk-tag--red"}
	case control.Failed:
		return tag{"Not working", "govuk-tag govuk-tag--red"}
	}
	return tag{string(s), "govuk-tag govuk-tag--grey"}
}

func callTags(c control.Call) (tags []tag) {
	add := func(is bool, text, colour string) {
		if is {
			tags = append(tags, tag{text, "govuk-tag govuk-tag--" + colour})
		}
	}
	has := make(map[control.Cause]bool)
	for _, g := range c.Gaps {
		has[g.Cause] = true
	}
	has[control.CauseDamaged] = has[control.CauseDamaged] || c.Damaged
	add(c.Live, "In progress", "green")
	for _, w := range causes {
		add(has[w.of], w.tag, w.colour)
	}
	add(c.Interrupted, "Interrupted", "red")
	for _, f := range c.About.Flags {
		add(true, "Flag: "+f.Text, "purple")
	}
	add(c.About.Stars > 0, "Rated "+strconv.Itoa(c.About.Stars)+" of 5", "blue")
	add(len(c.About.Notes) > 0, plural(len(c.About.Notes), "note"), "light-blue")
	add(c.Demo, "Demonstration", "grey")
	return tags
}
