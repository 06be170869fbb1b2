package torture

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"linevault/storage/torture/watch"
)

// Log is what a recorder did and said, call by call.
type Log []watch.Call

// Watch runs cmd, a recorder in dir, which must be empty, and logs its calls.
func Watch(cmd *exec.Cmd, dir string) (log Log, err error) {
	err = watch.Run(cmd, watch.Config{Dir: dir, Judge: func(c watch.Call) watch.Answer {
		log = append(log, c)
		return watch.Answer{}
	}})
	return log, err
}

// Crash lets the power go before call n of the log and judges what is left: it is checked and
// played, and then a recorder starts on it, records and ends.
func (g Log) Crash(n int, cut Cut, seed uint64, dir string) (a *Acked, l Loss, err error) {
	d, a := NewDisk(), &Acked{}
	var said strings.Builder
	for _, c := range g[:n] {
		if c.Op == watch.Said {
			said.Write(c.Data)
		}
		if err := d.Do(c); err != nil {
			return nil, l, err
		}
	}
	if err := a.Hear(said.String()); err != nil {
		return nil, l, err
	}
	rnd := rand.New(rand.NewPCG(seed, uint64(n)))
	if err := d.Write(dir, cut, rnd); err != nil {
		return nil, l, err
	}
	where := fmt.Sprintf("cut before call %d, %s, seed %d", n, cut, seed)
	if _, err := os.Stat(filepath.Join(dir, "format")); !errors.Is(err, os.ErrNotExist) || a.Boxes > 0 {
		found := a.Judge(dir)
		found.name(where)
		l.add(found)
	}
	l.add(goOn(dir, where, a))
	return a, l, nil
}

// goOn starts a recorder on what a cut left.
func goOn(dir, where string, a *Acked) (l Loss) {
	var said strings.Builder
	err := Record(dir, Plan{Lines: 1, Seconds: 2, Seed: 3, Segment: 1 << 20}, &said)
	if err == nil {
		err = a.Hear(said.String())
	}
	if err != nil {
		l.Dead++
		l.tell("%s: the next recorder: %v", where, err)
	}
	found := a.Judge(dir)
	found.name(where + ", after the next recorder")
	l.add(found)
	return l
}

func (l *Loss) name(where string) {
	for i, t := range l.Told {
		l.Told[i] = where + ": " + t
	}
}

// DeskCrash lets the power go before call n of a desk's log, in a store as whole has it, and
// judges what is left: the next desk does the rest. a says what was recorded there.
func (g Log) DeskCrash(whole string, a *Acked, n int, cut Cut, seed uint64, dir string) (l Loss, err error) {
	d, err := DiskOf(whole)
	if err != nil {
		return l, err
	}
	for _, c := range g[:n] {
		if err := d.Do(c); err != nil {
			return l, err
		}
	}
	if err := d.Write(dir, cut, rand.New(rand.NewPCG(seed, uint64(n)))); err != nil {
		return l, err
	}
	if err := Desk(dir); err != nil {
		l.Dead++
		l.tell("the next desk: %v", err)
	}
	l.add(deskLoss(dir, a))
	where := "the end"
	if n < len(g) {
		where = fmt.Sprintf("%s %s", g[n].Op, g[n].Path)
	}
	l.name(fmt.Sprintf("cut before the desk's call %d (%s), %s, seed %d", n, where, cut, seed))
	return l, nil
}
