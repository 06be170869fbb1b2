package torture

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"linevault/codec/pcm"
	"linevault/storage"
)

// Acked is what recorders said is on disk.
type Acked struct {
	calls map[storage.CallID]*ackedCall
	Boxes int
	Done  bool // the last recorder came to its end
}

type ackedCall struct {
	to    []pcm.Pos // where each box that was acknowledged ended
	ended bool
}

// Hear takes in what a recorder said. A last line that was cut short was never said.
func (a *Acked) Hear(said string) error {
	if a.calls == nil {
		a.calls = map[storage.CallID]*ackedCall{}
	}
	said = said[:strings.LastIndexByte(said, '\n')+1]
	for line := range strings.Lines(said) {
		var what string
		var id storage.CallID
		var to pcm.Pos
		line = strings.TrimSpace(line)
		switch n, err := fmt.Sscan(line, &what, &id, &to); {
		case line == "done":
			a.Done = true
		case strings.HasPrefix(line, "problem "):
		case n != 3 || what != "kept" && what != "ended":
			return fmt.Errorf("a recorder said %q: %w", line, err)
		default:
			c := a.calls[id]
			if c == nil {
				c = &ackedCall{}
				a.calls[id] = c
			}
			c.to = append(c.to, to)
			c.ended = what == "ended"
			a.Boxes++
		}
	}
	return nil
}

// Judge plays everything in the store in dir and runs the check: what was acknowledged is there,
// what plays was recorded there, and nothing is found wrong.
func (a *Acked) Judge(dir string) (l Loss) {
	report, err := storage.Check(dir, nil, storage.CheckOptions{})
	if err != nil {
		l.tell("check: %v", err)
		l.Boxes += a.Boxes
		return l
	}
	for _, p := range report.Problems {
		l.tell("check: %s: %s", p.Segment, p.Text)
	}
	l.add(a.Play(dir, storage.Paused))
	return l
}

// Play plays everything in the store in dir. Gaps of these causes may be there; others count as
// lost.
func (a *Acked) Play(dir string, causes ...storage.Cause) (l Loss) {
	s, err := storage.Open(dir, nil)
	if err != nil {
		l.tell("open: %v", err)
		l.Boxes += a.Boxes
		return l
	}
	defer s.Close()
	for id, c := range a.calls {
		l.add(c.play(s, id, causes))
	}
	return l
}

func (c *ackedCall) play(s *storage.Store, id storage.CallID, causes []storage.Cause) (l Loss) {
	p, err := s.Play(id)
	if err != nil {
		l.tell("%v; %d boxes of it were acknowledged", err, len(c.to))
		l.Boxes += len(c.to)
		return l
	}
	defer p.Close()
	if why := p.Row().Why; c.ended && why != storage.HungUp || !c.ended && why != storage.HungUp && why != storage.Interrupted {
		l.tell("call %s is listed as %s, ended: %v", id, why, c.ended)
	}
	var missing []pcm.Span
	at := p.Span().From
	for {
		k, g, err := p.Next()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		}
		switch {
		case err != nil:
			l.tell("call %s at %d: %v", id, at, err)
			l.Boxes += c.lostIn(append(missing, pcm.Span{From: at, To: c.to[len(c.to)-1]}))
			return l
		case g != nil:
			if g.Span.From != at || !slices.Contains(causes, g.Cause) {
				l.tell("call %s has a gap of cause %s at %d..%d", id, g.Cause, g.Span.From, g.Span.To)
				missing = append(missing, g.Span)
			}
			at = g.Span.To
		default:
			if k.Span.From != at || string(k.Data) != string(packet(id, k.Leg, at)) {
				l.tell("call %s: another packet at %d", id, at)
				l.Bytes += len(k.Data)
			}
			if int(k.Leg) == telephone.Legs-1 {
				at = k.Span.To
			}
		}
	}
	if end := c.to[len(c.to)-1]; at < end {
		l.tell("call %s reaches %d and was acknowledged to %d", id, at, end)
		missing = append(missing, pcm.Span{From: at, To: end})
	}
	l.Boxes += c.lostIn(missing)
	return l
}

// lostIn is how many acknowledged boxes have something in the spans.
func (c *ackedCall) lostIn(spans []pcm.Span) (n int) {
	from := pcm.Pos(-1)
	for _, to := range c.to {
		for _, s := range spans {
			if s.From < to && s.To > from {
				n++
				break
			}
		}
		from = max(from, to)
	}
	return n
}
