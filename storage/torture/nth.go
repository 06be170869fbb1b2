package torture

import (
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"linevault/storage/torture/watch"
)

// Fault is a way in which calls to the file system fail, from the N-th on.
type Fault struct {
	Name string
	Only []watch.Op // these only; none means all but reads
	// Do says what becomes of the i-th call from the one at which the fault begins.
	Do func(i int) watch.Answer
}

// Faults are those that a recorder must live with.
var Faults = []Fault{
	{Name: "ENOSPC", Do: once(watch.Answer{Errno: unix.ENOSPC})},
	{Name: "EIO", Do: once(watch.Answer{Errno: unix.EIO})},
	{Name: "short write, then ENOSPC", Only: []watch.Op{watch.Write}, Do: func(i int) watch.Answer {
		switch i {
		case 0:
			return watch.Answer{Short: true}
		case 1:
			return watch.Answer{Errno: unix.ENOSPC}
		}
		return watch.Answer{}
	}},
	{Name: "disk full for 40 calls", Only: []watch.Op{watch.Open, watch.Write, watch.Truncate, watch.Mkdir, watch.Sync}, Do: func(i int) watch.Answer {
		if i < 40 {
			return watch.Answer{Errno: unix.ENOSPC}
		}
		return watch.Answer{}
	}},
}

func once(a watch.Answer) func(int) watch.Answer {
	return func(i int) watch.Answer {
		if i == 0 {
			return a
		}
		return watch.Answer{}
	}
}

// concerns reports whether a call is one that the fault is about.
func (f Fault) concerns(c watch.Call) bool {
	switch {
	case c.Op == watch.Said || c.Op == watch.Read:
		return false
	case len(f.Only) == 0:
		return true
	case c.Op == watch.Open && !c.Create:
		return false
	}
	return slices.Contains(f.Only, c.Op)
}

// At runs cmd, a recorder in dir, whose n-th call meets the fault. It says how many calls there
// were and what was acknowledged.
func (f Fault) At(n int, cmd *exec.Cmd, dir string) (calls int, a *Acked, l Loss, err error) {
	var said strings.Builder
	what := ""
	err = watch.Run(cmd, watch.Config{Dir: dir, Judge: func(c watch.Call) watch.Answer {
		if c.Op == watch.Said {
			said.Write(c.Data)
			return watch.Answer{}
		}
		if !f.concerns(c) {
			return watch.Answer{}
		}
		i := calls - n
		calls++
		if i < 0 {
			return watch.Answer{}
		}
		if i == 0 {
			what = fmt.Sprintf("%s %s", c.Op, c.Path)
		}
		return f.Do(i)
	}})
	if errors.Is(err, watch.ErrUnavailable) {
		return 0, nil, l, err
	}
	a = &Acked{}
	if err := a.Hear(said.String()); err != nil {
		return 0, nil, l, err
	}
	if !a.Done {
		l.Dead++
		l.tell("call %d (%s) fails by %s: the recorder ended: %v; it said %s", n, what, f.Name, err, tail(said.String()))
	}
	found := a.Judge(dir)
	for i, t := range found.Told {
		found.Told[i] = fmt.Sprintf("call %d (%s) fails by %s: %s", n, what, f.Name, t)
	}
	l.add(found)
	return calls, a, l, nil
}

func tail(s string) string { return s[max(0, len(s)-400):] }
