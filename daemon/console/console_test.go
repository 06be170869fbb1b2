package console

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"linevault/daemon/auth"
	"linevault/daemon/control"
	"linevault/daemon/control/controltest"
	"linevault/daemon/link"
)

var engineer = control.Actor{Name: "kit", Roles: []auth.Role{auth.AtTheBox}, Address: control.Console}

// talk types lines and returns everything that was said.
func talk(t *testing.T, b *controltest.Box, typed ...string) string {
	t.Helper()
	var out bytes.Buffer
	c := Console{Desk: b.Desk, Actor: engineer, In: strings.NewReader(strings.Join(typed, "\n") + "\n"), Out: &out}
	if err := c.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestPauseAndResumeAtTheConsole(t *testing.T) {
	b := controltest.New(t)
	b.Board.Set(controltest.Lines())
	said := talk(t, b, "pause 1 card payment", "lines", "pause 1 again", "resume council tax", "resume 1", "pause parking x", "pause nowhere x", "fly", "quit")
	for _, want := range []string{
		"> Council tax: paused; nothing said since ", "an alarm is raised at ", "paused by user kit (console)",
		"error: you have paused this line already", "> Council tax: recording since ", "error: you have not paused this line",
		"error: this line may not be paused by hand", `error: there is no line "nowhere"`, `error: there is no command "fly"`,
	} {
		if !strings.Contains(said, want) {
			t.Errorf("it did not say %q", want)
		}
	}
	if t.Failed() {
		t.Log(said)
	}
	var kinds []string
	for _, e := range b.Events(t) {
		kinds = append(kinds, e.Kind)
		if e.Who != "kit" || e.Data["line"] == "" || e.Data["by"] != "console" {
			t.Errorf("the ledger has %+v", e)
		}
		if e.Kind == "pause" && (e.Text != "card payment" || e.Call == "" || e.Data["cut"] == "") {
			t.Errorf("the ledger has %+v", e)
		}
	}
	if got := strings.Join(kinds, ", "); got != "pause, resume, resume, resume refused" {
		t.Errorf("the ledger has %s", got)
	}
}

// Who does not know what to type is asked, and may choose by numbers alone.
func TestConsoleAsks(t *testing.T) {
	b := controltest.New(t)
	b.Board.Set(controltest.Lines())
	said := talk(t, b, "3", "1", "2", "4", "1", "3", "", "8")
	for _, want := range []string{"Pause which line? ", "  2  Bank details", "Council tax: paused", "Council tax: recording since", "error: nothing was done"} {
		if !strings.Contains(said, want) {
			t.Errorf("it did not say %q in\n%s", want, said)
		}
	}
	if e := b.Events(t); len(e) == 0 || e[0].Text != control.PauseReasons[1] {
		t.Errorf("the ledger has %+v", e)
	}
}

// Calls are not there: no number of a caller, whatever is typed.
func TestConsoleTellsNothingOfCalls(t *testing.T) {
	b := controltest.New(t)
	ids := b.Demo(t)
	lines := controltest.Lines()
	lines.Lines[0].FarNumber, lines.Lines[0].Name = "07700900456", "Steuer \x1b[2J Ä"
	b.Board.Set(lines)
	said := talk(t, b, "1", "2", "5", "6", "7", "calls", "call "+string(ids[0]), "export "+string(ids[0]), "8")
	for _, never := range []string{"07700900456", "07700900123", "02079460123", "\x1b", "Ä"} {
		if strings.Contains(said, never) {
			t.Errorf("%q can be read in\n%s", never, said)
		}
	}
	for _, want := range []string{"Lines: 1 recording, 1 paused, 1 idle, 1 failed", "check that its USB cable is in", "Time:      ", "Disk: ", "swap the pair"} {
		if !strings.Contains(said, want) {
			t.Errorf("it did not say %q in\n%s", want, said)
		}
	}
	for row := range strings.Lines(said) {
		if len(strings.TrimRight(row, "\n")) > 80 {
			t.Errorf("too wide: %q", row)
		}
	}
	if _, err := b.Desk.Calls(engineer, control.Query{}); err != control.ErrForbidden {
		t.Errorf("calls for who sits at the box: %v", err)
	}
	if _, err := b.Desk.Listen(engineer, string(ids[0]), "quality", ""); err != control.ErrForbidden {
		t.Errorf("listening for who sits at the box: %v", err)
	}
}

// On a real serial line's discipline: a pseudo-terminal, set as a serial line is.
func TestSerialLine(t *testing.T) {
	ptmx, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Skipf("SKIPPED: THE SERIAL CONSOLE WAS NOT TESTED: no pseudo-terminals here: %v", err)
	}
	defer ptmx.Close()
	if err := unix.IoctlSetPointerInt(int(ptmx.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(ptmx.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	line, err := OpenSerial(fmt.Sprintf("/dev/pts/%d", n))
	if err != nil {
		t.Fatal(err)
	}
	defer line.Close()
	set, err := unix.IoctlGetTermios(int(line.Fd()), unix.TCGETS)
	if err != nil || set.Cflag&unix.CBAUD != unix.B115200 || set.Cflag&(unix.CSIZE|unix.PARENB|unix.CSTOPB) != unix.CS8 {
		t.Errorf("the line is set to %+v, %v", set, err)
	}
	b := controltest.New(t)
	many := controltest.Lines()
	for i := range 40 { // more than a screenful
		many.Lines = append(many.Lines, link.LineState{Line: "more", Name: fmt.Sprintf("More %d", i), State: link.Idle})
	}
	b.Board.Set(many)
	done := make(chan error, 1)
	go func() {
		c := Console{Desk: b.Desk, Actor: engineer, In: line, Out: line, Paged: true}
		done <- c.Run(t.Context())
	}()
	if err := ptmx.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	screen := bufio.NewReader(ptmx)
	until := func(want string) string {
		var seen []byte
		for !strings.HasSuffix(string(seen), want) {
			c, err := screen.ReadByte()
			if err != nil {
				t.Fatalf("waiting for %q after %q: %v", want, seen, err)
			}
			seen = append(seen, c)
		}
		return string(seen)
	}
	write := func(s string) {
		if _, err := io.WriteString(ptmx, s); err != nil {
			t.Fatal(err)
		}
	}
	until("> ")
	write("liness\x7f\r") // a key too many, and rubbed out
	if screenful := until("-- Enter for more -- "); strings.Count(screenful, "\r\n") > 24 {
		t.Errorf("%d rows at once", strings.Count(screenful, "\r\n"))
	}
	write("\r")
	until("-- Enter for more -- ")
	write("\r")
	until("More 39                  idle\r\nok\r\n> ")
	write("8\r")
	until("ok\r\n")
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("it did not end")
	}
	if _, err := OpenSerial("/dev/null"); err == nil || !strings.Contains(err.Error(), "not a serial line") {
		t.Errorf("/dev/null: %v", err)
	}
}

func TestWrap(t *testing.T) {
	for text, want := range map[string]int{"": 1, "short": 1, strings.Repeat("x", 79): 1, strings.Repeat("x", 80): 2, strings.Repeat("word ", 40): 3} {
		rows := wrap(text)
		if len(rows) != want {
			t.Errorf("%d rows of %q: %q", len(rows), text, rows)
		}
		for _, r := range rows {
			if len(r) > width {
				t.Errorf("too wide: %q", r)
			}
		}
	}
}
