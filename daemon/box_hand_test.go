package main

import (
	"slices"
	"strings"
	"testing"

	"linevault/daemon/link"
)

// Who sits at the box pauses a line by hand, the recorder confirms it, and the ledger has it.
func TestPauseVerb(t *testing.T) {
	_, toml := scripts(t, 2, 300)
	toml = strings.Replace(patient(toml), "name = \"Line 0\"", "name = \"Line 0\"\nmanual_pause = true", 1)
	b := newBox(t, toml+`
[[group]]
name = "all"
lines = ["Line 0", "Line 1"]
[[output]]
name = "desk lamp"
pin = "NO_SUCH_PIN"
lines = ["group:all"]
when = "paused"
`)
	b.start("run")
	b.await("calls", func() bool { s, _ := b.status(); return count(s, link.Recording) == 2 })
	b.await("an alarm about the lamp, whose pin is not there", func() bool {
		s, _ := b.status()
		return slices.ContainsFunc(s.Alarms, func(a link.Alarm) bool {
			return a.Key == "output desk lamp" && strings.Contains(a.Text, "there is no such pin")
		})
	})
	said := must(t, "pause", "line-0", "--reason", "card payment", "--data", b.dir)
	if !strings.Contains(said, "line-0: paused; nothing said since ") {
		t.Errorf("it said %q", said)
	}
	s, err := b.status()
	if err != nil || s.Lines[0].State != link.Paused || len(s.Lines[0].PausedBy) != 1 || !strings.HasSuffix(s.Lines[0].PausedBy[0], "(console)") {
		t.Errorf("%+v, %v", s, err)
	}
	for _, refused := range []struct {
		args []string
		says string
	}{
		{[]string{"line-0", "--reason", "again"}, "you have paused this line already"},
		{[]string{"line-1", "--reason", "x"}, "manual_pause in the configuration"},
		{[]string{"line-1", "--resume"}, "you have not paused this line"},
		{[]string{"line-9", "--reason", "x"}, "there is no such line"},
		{[]string{"line-0", "--reason", "4929 0000 0000 6"}, "must not hold a card number"},
		{[]string{"line-0"}, "give --reason TEXT to pause, or --resume"},
	} {
		out, err := linevault(append([]string{"pause", "--data", b.dir}, refused.args...)...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), refused.says) {
			t.Errorf("%v: %v, %s", refused.args, err, out)
		}
	}
	if said := must(t, "pause", "Line-0", "--resume", "--data", b.dir); !strings.Contains(said, "the line is recording since") {
		t.Errorf("it said %q", said)
	}
	c := linevault("console", "--data", b.dir)
	c.Stdin = strings.NewReader("status\nlines\nquit\n")
	if out, err := c.Output(); err != nil || !strings.Contains(string(out), "Lines: 2 recording") {
		t.Errorf("the console: %v\n%s", err, out)
	}
	if report := must(t, "ledger", "report", "--data", b.dir); !strings.Contains(report, "pause") || !strings.Contains(report, "card payment") {
		t.Errorf("the ledger's report:\n%s", report)
	}
	b.stop()
	for _, c := range b.calls() {
		if c.Line == "line-0" && len(c.Gaps) > 0 && c.Gaps[0].Reason == "card payment" {
			return
		}
	}
	t.Errorf("no call has the gap: %+v", b.calls())
}
