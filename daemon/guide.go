package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"linevault/daemon/linetest"
	"linevault/daemon/link"
)

// guide is one test in a terminal.
type guide struct {
	*lineTestOptions
	test  *linetest.Test
	typed <-chan string // nil once nobody can type
	shown []linetest.Step
}

// lead follows the recorder until all steps are over.
func (g *guide) lead(ctx context.Context, recorder *link.Client) error {
	for {
		for s, err := range recorder.Watch(ctx) {
			if err != nil {
				break
			}
			g.test.Observe(s)
			if err := g.act(); err != nil {
				return err
			}
			g.show()
			if g.test.Done() {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return errGivenUp
		case <-time.After(time.Second): // the recorder is being started again
		}
	}
}

// act does what was typed; where nobody types, a step that is in trouble for good fails.
func (g *guide) act() error {
	if g.typed == nil {
		if s := g.test.Step(); s != nil && s.State == linetest.Trouble && g.test.Late() {
			g.test.Fail()
		}
		return nil
	}
	select {
	case text, can := <-g.typed:
		if !can {
			g.typed = nil
			return nil
		}
		what, reason, _ := strings.Cut(text, " ")
		switch {
		case what == "a":
			g.test.Again()
		case what == "f":
			g.test.Fail()
		case what == "s" && strings.TrimSpace(reason) != "":
			g.test.Skip(strings.TrimSpace(reason))
		case what == "s":
			fmt.Fprintln(os.Stderr, "say why: s REASON")
		case what == "q":
			return errGivenUp
		case what != "":
			fmt.Fprintln(os.Stderr, "a: again, s REASON: leave out, f: failed, q: give up")
		}
	default:
	}
	return nil
}

// show prints what changed. What a step has seen so far is told once it is over.
func (g *guide) show() {
	for i, s := range g.test.Steps() {
		if i < len(g.shown) && (g.shown[i].State == s.State && g.shown[i].Advice == s.Advice) || s.State == linetest.Waiting {
			continue
		}
		for len(g.shown) <= i {
			g.shown = append(g.shown, linetest.Step{})
		}
		g.shown[i] = s
		if g.json {
			_ = json.NewEncoder(g.out).Encode(s) // the certificate at the end tells whether it can be written
			continue
		}
		text := s.Do
		switch s.State {
		case linetest.Doing:
		case linetest.Trouble:
			text = s.Advice
		case linetest.Skipped:
			text = s.Reason
		case linetest.Failed:
			text = strings.TrimSpace(s.Seen + " " + s.Advice)
		default:
			text = s.Seen
		}
		fmt.Fprintf(g.out, "%2d. %-24s %-14s %s\n", i+1, s.Title, linetest.ResultWords[s.State], text)
	}
}
