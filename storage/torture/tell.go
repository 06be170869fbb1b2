package torture

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"linevault/codec/pcm"
	"linevault/storage"
)

// Tell says line by line what the store in dir holds, for somebody who cannot look: "has" a call
// and how far it plays, "wrong" bytes, "problem" what the check found, "told" at the end.
func Tell(dir string, out io.Writer) error {
	if err := tell(dir, out); err != nil {
		fmt.Fprintln(out, "problem", strings.ReplaceAll(err.Error(), "\n", " / "))
	}
	_, err := fmt.Fprintln(out, "told")
	return err
}

func tell(dir string, out io.Writer) error {
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return nil // nothing was ever recorded
	}
	// What a cut left of a store that was being made is made whole first, as at every start.
	if err := storage.Create(dir, []string{class}); err != nil {
		return err
	}
	report, err := storage.Check(dir, nil, storage.CheckOptions{})
	if err != nil {
		return err
	}
	for _, p := range report.Problems {
		fmt.Fprintln(out, "problem", p.Text)
	}
	s, err := storage.Open(dir, nil)
	if err != nil {
		return err
	}
	defer s.Close()
	page, err := s.Calls(storage.Query{Limit: 1 << 20})
	if err != nil {
		return err
	}
	for _, row := range page.Rows {
		c := &ackedCall{to: []pcm.Pos{row.Call.From}, ended: row.Why == storage.HungUp}
		l := c.play(s, row.ID, []storage.Cause{storage.Paused})
		if l.Bytes > 0 {
			fmt.Fprintln(out, "wrong", l.Bytes)
		}
		p, err := s.Play(row.ID)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "has %s %d\n", row.ID, p.Span().To)
		p.Close()
		if len(l.Told) > 0 {
			fmt.Fprintln(out, "problem", l.summary())
		}
	}
	return nil
}

// Told compares what a store is said to hold with what was acknowledged.
func (a *Acked) Told(said string) (l Loss) {
	has := map[storage.CallID]pcm.Pos{}
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		var id storage.CallID
		var to pcm.Pos
		var n int
		if k, _ := fmt.Sscanf(line, "has %s %d", &id, &to); k == 2 {
			has[id] = to
		} else if k, _ := fmt.Sscanf(line, "wrong %d", &n); k == 1 {
			l.Bytes += n
		} else if strings.HasPrefix(line, "problem ") {
			l.Told = append(l.Told, line)
		}
	}
	for id, c := range a.calls {
		end := c.to[len(c.to)-1]
		if at, ok := has[id]; !ok || at < end {
			l.Boxes += c.lostIn([]pcm.Span{{From: at, To: end}})
			l.tell("call %s reaches %d and was acknowledged to %d", id, at, end)
		}
	}
	return l
}
