package console

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"linevault/daemon/control"
)

func (c *Console) status(ctx context.Context, _ string) error {
	m, err := c.Desk.Machine(c.Actor)
	if err != nil {
		return err
	}
	c.say("Version %s on %s, %s", m.Version, m.Host, m.Time.Format("2 January 2006 15:04:05 MST"))
	c.say("Disk: %d GB free of %d GB", m.DiskFree>>30, m.DiskAll>>30)
	b, err := c.Desk.Lines(ctx, c.Actor)
	if err != nil {
		return fmt.Errorf("%w; see whether `linevault run` runs, and what it says", err)
	}
	states := map[control.State]int{}
	for _, l := range b.Lines {
		states[l.State]++
	}
	c.say("Lines: %d recording, %d paused, %d idle, %d failed",
		states[control.Recording], states[control.Paused], states[control.Idle], states[control.Failed])
	if n := states[control.Unrecorded]; n > 0 {
		c.say("%d of them with a call that is NOT BEING RECORDED: lines says why", n)
	}
	if len(b.Alarms) == 0 {
		c.say("No alarms.")
	}
	for _, a := range b.Alarms {
		c.say("ALARM since %s: %s", clock(a.Since), a.Text)
	}
	return nil
}

func (c *Console) showLines(ctx context.Context, _ string) error {
	b, err := c.Desk.Lines(ctx, c.Actor)
	if err != nil {
		return err
	}
	if len(b.Lines) == 0 {
		c.say("This recorder has no lines yet. Lines are named in its configuration.")
	}
	for i, l := range b.Lines {
		row := []string{fmt.Sprintf("%3d  %-24.24s %-10s", i+1, l.Name, l.State)}
		for _, level := range l.Levels {
			row = append(row, fmt.Sprintf("%4.0f dB", level))
		}
		if !l.Since.IsZero() {
			row = append(row, "since "+clock(l.Since))
		}
		c.say("%s", strings.Join(row, " "))
		if len(l.PausedBy) > 0 {
			c.say("     paused by %s", strings.Join(l.PausedBy, ", "))
		}
		if l.Problem != "" {
			c.say("     %s", l.Problem)
		}
	}
	return nil
}

func clock(t time.Time) string { return t.Local().Format("15:04:05") }

func (c *Console) pause(ctx context.Context, rest string) error {
	l, rest, err := c.line(ctx, rest, "Pause which line? ")
	if err != nil {
		return err
	}
	reason, err := c.reason(ctx, rest)
	if err != nil {
		return err
	}
	done, err := c.Desk.PauseLine(ctx, c.Actor, l.ID, reason)
	if err != nil && done.At.IsZero() {
		return err
	}
	c.say("%s: paused; nothing said since %s is kept", l.Name, clock(done.At))
	if !done.LimitAt.IsZero() {
		c.say("resume as soon as you can; an alarm is raised at %s", clock(done.LimitAt))
	}
	return err // it may not be in the ledger
}

func (c *Console) resume(ctx context.Context, rest string) error {
	l, _, err := c.line(ctx, rest, "Resume which line? ")
	if err != nil {
		return err
	}
	done, err := c.Desk.ResumeLine(ctx, c.Actor, l.ID)
	if err != nil {
		return err
	}
	if len(done.PausedBy) > 0 {
		c.say("%s: resumed, but still paused by %s", l.Name, strings.Join(done.PausedBy, ", "))
		return nil
	}
	c.say("%s: %s since %s", l.Name, done.State, clock(done.At))
	return nil
}

var errNothing = errors.New("nothing was done")

// line finds the line whose number or name rest begins with, and asks if there is none.
func (c *Console) line(ctx context.Context, rest, prompt string) (control.Line, string, error) {
	b, err := c.Desk.Lines(ctx, c.Actor)
	if err != nil {
		return control.Line{}, "", err
	}
	if rest == "" {
		if err := c.showLines(ctx, ""); err != nil {
			return control.Line{}, "", err
		}
		if rest, _ = c.ask(ctx, prompt); rest == "" {
			return control.Line{}, "", errNothing
		}
	}
	word, after, _ := strings.Cut(rest, " ")
	if n, err := strconv.Atoi(word); err == nil && n >= 1 && n <= len(b.Lines) {
		return b.Lines[n-1], strings.TrimSpace(after), nil
	}
	for _, l := range b.Lines {
		if name := plain(l.Name); len(rest) >= len(name) && strings.EqualFold(rest[:len(name)], name) {
			return l, strings.TrimSpace(rest[len(name):]), nil
		}
		if l.ID == strings.ToLower(word) {
			return l, strings.TrimSpace(after), nil
		}
	}
	return control.Line{}, "", fmt.Errorf("there is no line %q; `lines` lists them with their numbers", word)
}

// reason is the reason in rest, or one that is chosen or typed.
func (c *Console) reason(ctx context.Context, rest string) (string, error) {
	if rest == "" {
		for i, r := range control.PauseReasons {
			c.say("  %d  %s", i+1, r)
		}
		if rest, _ = c.ask(ctx, "Why? A number, or type a reason: "); rest == "" {
			return "", errNothing
		}
	}
	if n, err := strconv.Atoi(rest); err == nil && n >= 1 && n <= len(control.PauseReasons) {
		return control.PauseReasons[n-1], nil
	}
	return rest, nil
}

func (c *Console) test(context.Context, string) error {
	c.say("1. Make a call on the line from another telephone and let it be answered.")
	c.say("2. Type `lines`: the line must be recording, and since just now.")
	c.say("3. Speak at the council's end: the first level must rise above -45 dB.")
	c.say("4. Speak at the other end: the second level must rise, and the first must not. If they are the wrong way round, swap the pair.")
	c.say("5. Hang up: the line must be idle again within its hangover, which is 10 s unless its configuration says otherwise.")
	return nil
}

func (c *Console) network(context.Context, string) error {
	m, err := c.Desk.Machine(c.Actor)
	if err != nil {
		return err
	}
	c.say("Host name: %s", m.Host)
	for _, a := range m.Addresses {
		c.say("Address:   %s", a)
	}
	if len(m.Addresses) == 0 {
		c.say("Address:   none; check the network cable")
	}
	c.say("Time:      %s", m.Time.Format("2 January 2006 15:04:05 MST"))
	if m.Synchronised {
		c.say("           synchronised, as the kernel says")
	} else {
		c.say("           not synchronised: check that a time server can be reached")
	}
	return nil
}
