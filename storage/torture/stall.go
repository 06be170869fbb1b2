package torture

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os/exec"
	"strings"
	"time"

	"linevault/storage"
	"linevault/storage/torture/watch"
)

// Stall records on so many lines while the disk stands still: from when it says "stall" to when
// it says "release", every fsync waits. The sound of so many seconds goes by meanwhile, as fast
// as it can be made. backlog zero is what a box has.
func Stall(dir string, lines, seconds int, backlog int64, out io.Writer) error {
	if err := storage.Create(dir, []string{class}); err != nil {
		return err
	}
	w, err := storage.OpenWriter(dir, storage.WriterOptions{
		Backlog: backlog, OnProblem: func(err error) { fmt.Fprintln(out, "problem", err) },
	})
	if err != nil {
		return err
	}
	all := make([]*line, lines)
	for i := range all {
		all[i] = &line{w: w, rnd: rand.New(rand.NewPCG(1, uint64(i)))}
		if err := all[i].begin(); err != nil {
			return err
		}
	}
	second := func() error {
		for _, l := range all {
			if err := l.second(); err != nil {
				return err
			}
			if err := l.flush(); err != nil {
				return err
			}
		}
		return nil
	}
	if err := second(); err != nil {
		return err
	}
	if err := w.Commit(); err != nil {
		return err
	}
	fmt.Fprintln(out, "stall")
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	done := make(chan struct{})
	go func() { w.Run(ctx, time.Millisecond); close(done) }()
	for range seconds {
		if err := second(); err != nil {
			return err
		}
	}
	fmt.Fprintln(out, "release")
	// Until all that waits is written: then the lines go on as before.
	for n := 1; n > 0; n, _ = w.Pending() {
		time.Sleep(time.Millisecond)
	}
	if err := second(); err != nil {
		return err
	}
	stop()
	<-done
	for _, l := range all {
		for _, said := range l.said {
			fmt.Fprintln(out, said)
		}
		l.said = nil
		if err := l.finish(); err != nil {
			return err
		}
		fmt.Fprintln(out, l.said[0])
	}
	if err := w.Close(); err != nil {
		return err
	}
	fmt.Fprintln(out, "done")
	return nil
}

// StallAt runs cmd, which does what Stall does, and holds its fsyncs while it says so.
func StallAt(cmd *exec.Cmd, dir string) (*Acked, error) {
	var said strings.Builder
	var still chan struct{}
	err := watch.Run(cmd, watch.Config{Dir: dir, Judge: func(c watch.Call) watch.Answer {
		switch {
		case c.Op != watch.Said:
		case string(c.Data) == "stall\n":
			still = make(chan struct{})
			return watch.Answer{}
		case string(c.Data) == "release\n":
			close(still)
			still = nil
			return watch.Answer{}
		default:
			said.Write(c.Data)
		}
		if c.Op == watch.Sync && still != nil {
			return watch.Answer{After: still}
		}
		return watch.Answer{}
	}})
	if err != nil {
		return nil, fmt.Errorf("%w: it said %s", err, tail(said.String()))
	}
	a := &Acked{}
	return a, a.Hear(said.String())
}
