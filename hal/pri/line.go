package pri

import (
	"fmt"
	"strings"
	"time"

	"linevault/hal/pri/q931"
)

// line is a call for people.
func line(c *Call) string {
	var b strings.Builder
	at := c.First
	if c.Start.Seen {
		at = c.Start.At
	}
	fmt.Fprintf(&b, "%10.3f %-3s %s -> %s", at.Seconds(), c.Direction, caller(c), orDash(c.Called))
	if c.Joined {
		b.WriteString(", joined in mid call")
	}
	if c.Redirecting.Digits != "" {
		fmt.Fprintf(&b, ", redirected by %s", c.Redirecting.Digits)
	}
	if c.DivertedTo.Digits != "" {
		fmt.Fprintf(&b, ", diverted to %s", c.DivertedTo.Digits)
	}
	if c.Connected.Digits != "" {
		fmt.Fprintf(&b, ", connected %s", c.Connected.Digits)
	}
	if c.Party.Digits != "" {
		fmt.Fprintf(&b, ", then %s", c.Party.Digits)
	}
	fmt.Fprintf(&b, ", %s", slots(c.Channels))
	if m := c.Bearer.Media; m == q931.Data {
		b.WriteString(", data: not recorded")
	}
	if c.Transferred {
		b.WriteString(", transferred")
	}
	b.WriteString(", " + course(c))
	return b.String()
}

// caller is the calling number as it may be shown.
func caller(c *Call) string {
	switch {
	case c.Calling.Presentation == q931.Restricted:
		return "withheld"
	case c.Calling.Presentation == q931.Unavailable:
		return "unavailable"
	}
	return orDash(c.Calling.Digits)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func slots(s []int) string {
	if len(s) == 0 {
		return "no timeslot"
	}
	return "timeslot " + strings.ReplaceAll(strings.Trim(fmt.Sprint(s), "[]"), " ", ", then ")
}

// course is how the call went and ended.
func course(c *Call) string {
	how := c.Ending.String()
	if c.Cause != 0 {
		how += ": " + c.Cause.String()
	}
	switch {
	case !c.Answer.Seen && !c.Joined:
		return "not answered, " + how
	case c.Answer.Seen && c.End.Seen:
		return fmt.Sprintf("talked %.1f s, %s", (c.End.At - c.Answer.At).Seconds(), how)
	case c.Answer.Seen:
		return fmt.Sprintf("answered at %.3f, %s", c.Answer.At.Round(time.Millisecond).Seconds(), how)
	}
	return how
}
