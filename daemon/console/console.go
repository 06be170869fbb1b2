// Package console is the box's face on a serial line or a terminal of any kind: plain lines of
// text, a menu, and an answer that ends with "ok" or "error: ...", so that a script can drive it.
// It shows lines and the machine, pauses and resumes, and never a call.
package console

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"unicode"

	"linevault/daemon/control"
)

// Console is one sitting.
type Console struct {
	Desk  *control.Desk
	Actor control.Actor
	In    io.Reader
	Out   io.Writer
	Paged bool // somebody reads this on a screen, so that no more than a screenful comes at once

	lines chan string // what was typed; closed at its end
	rows  int         // since the last prompt
}

// A terminal may be as small as this, and need not say how large it is.
const (
	width   = 79
	height  = 22  // and two for the question whether to go on
	maxLine = 200 // characters that are taken of what is typed
)

// command is one thing that the console does.
type command struct {
	number, name, says string
	do                 func(*Console, context.Context, string) error
}

func commands() []command {
	return []command{
		{"1", "status", "alarms, disk, version", (*Console).status},
		{"2", "lines", "the lines and what they are doing", (*Console).showLines},
		{"3", "pause", "pause a line by hand: pause LINE REASON", (*Console).pause},
		{"4", "resume", "end your own pause: resume LINE", (*Console).resume},
		{"5", "test", "how to test a line", (*Console).test},
		{"6", "network", "addresses and the time", (*Console).network},
		{"7", "help", "this list", (*Console).help},
		{"8", "quit", "leave", nil},
	}
}

// Run talks until whoever sits there quits, the line ends or ctx does.
func (c *Console) Run(ctx context.Context) error {
	c.lines = make(chan string)
	go c.read(ctx)
	c.say("Linevault %s. Type a number or a word. Calls are neither shown nor played here.", c.Desk.Version)
	_ = c.help(ctx, "") // it cannot fail
	for {
		text, more := c.ask(ctx, "> ")
		if !more {
			return ctx.Err()
		}
		word, rest, _ := strings.Cut(text, " ")
		if word == "" {
			continue
		}
		if quit := c.obey(ctx, strings.ToLower(word), strings.TrimSpace(rest)); quit {
			return nil
		}
	}
}

// obey does one command and says how it went.
func (c *Console) obey(ctx context.Context, word, rest string) (quit bool) {
	for _, k := range commands() {
		if word != k.number && word != k.name {
			continue
		}
		if k.do == nil {
			c.say("ok")
			return true
		}
		if err := k.do(c, ctx, rest); err != nil {
			c.say("error: %v", err)
			return false
		}
		c.say("ok")
		return false
	}
	c.say("error: there is no command %q; help lists them", word)
	return false
}

func (c *Console) help(context.Context, string) error {
	for _, k := range commands() {
		c.say("  %s  %-8s %s", k.number, k.name, k.says)
	}
	return nil
}

// read takes in what is typed, until its end.
func (c *Console) read(ctx context.Context) {
	defer close(c.lines)
	for in := bufio.NewReaderSize(c.In, maxLine); ; {
		text, long, err := in.ReadLine()
		line := plain(string(text))
		for long && err == nil {
			_, long, err = in.ReadLine()
		}
		if err != nil {
			return
		}
		select {
		case c.lines <- strings.TrimSpace(line):
		case <-ctx.Done():
			return
		}
	}
}

// ask asks for a line. There is none more at the end.
func (c *Console) ask(ctx context.Context, prompt string) (string, bool) {
	fmt.Fprint(c.Out, prompt)
	c.rows = 0
	select {
	case text, more := <-c.lines:
		return text, more
	case <-ctx.Done():
		return "", false
	}
}

// say writes a line, broken where it is too wide, and waits when the screen is full.
func (c *Console) say(format string, args ...any) {
	for _, row := range wrap(plain(fmt.Sprintf(format, args...))) {
		if c.rows++; c.Paged && c.rows > height {
			fmt.Fprint(c.Out, "-- Enter for more -- ")
			<-c.lines
			c.rows = 1
		}
		fmt.Fprintln(c.Out, strings.TrimRight(row, " "))
	}
}

// plain is text that any terminal can show: nothing in it can move the cursor.
func plain(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case unicode.IsControl(r):
			return -1
		case r > unicode.MaxASCII:
			return '?'
		}
		return r
	}, text)
}

// wrap breaks text into rows, between words where it can.
func wrap(text string) (rows []string) {
	indent := ""
	for len(indent)+len(text) > width {
		at := strings.LastIndexByte(text[:width-len(indent)+1], ' ')
		if at <= 0 {
			at = width - len(indent)
		}
		rows = append(rows, indent+strings.TrimRight(text[:at], " "))
		text, indent = strings.TrimLeft(text[at:], " "), "     "
	}
	return append(rows, indent+text)
}
