package torture

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"linevault/storage"
	"linevault/storage/torture/watch"
)

// ReadAll plays and checks the store in dir, of which the file acked says what is in it, and
// says as JSON what it found.
func ReadAll(dir, acked string) (string, error) {
	b, err := os.ReadFile(acked)
	if err != nil {
		return "", err
	}
	a := &Acked{}
	if err := a.Hear(string(b)); err != nil {
		return "", err
	}
	l := a.Play(dir, storage.Paused, storage.Damaged)
	report, err := storage.Check(dir, nil, storage.CheckOptions{})
	if err != nil {
		l.tell("check: %v", err)
	} else {
		for _, p := range report.Problems {
			l.tell("check: %s", p.Text)
		}
	}
	j, err := json.Marshal(l)
	return string(j), err
}

// ReadFails runs cmd, which says what ReadAll does, and fails its n-th read or the n-th and all
// after it in the same file. It says how many reads there were.
func ReadFails(n int, stays bool, cmd *exec.Cmd, dir string) (reads int, l Loss, err error) {
	var said strings.Builder
	bad := ""
	err = watch.Run(cmd, watch.Config{Dir: dir, Reads: true, Judge: func(c watch.Call) watch.Answer {
		switch c.Op {
		case watch.Said:
			said.Write(c.Data)
		case watch.Read:
			if c.Path == filepath.Join("keys", "root") {
				return watch.Answer{} // without it nothing is opened, which is another test
			}
			reads++
			if reads-1 == n {
				bad = c.Path
			}
			if reads-1 == n || stays && c.Path == bad {
				return watch.Answer{Errno: unix.EIO}
			}
		}
		return watch.Answer{}
	}})
	if errors.Is(err, watch.ErrUnavailable) {
		return 0, l, err
	}
	var found Loss
	if j := json.Unmarshal([]byte(said.String()), &found); err != nil || j != nil {
		l.Dead++
		l.tell("read %d (%s) fails: the reader ended: %v", n, bad, errors.Join(err, j))
		return reads, l, nil
	}
	l.Bytes = found.Bytes
	if found.Boxes > 0 && len(found.Told) == 0 {
		l.tell("read %d (%s) fails: %d boxes do not play and nobody says so", n, bad, found.Boxes)
	}
	l.name(fmt.Sprintf("read %d (%s)", n, bad))
	return reads, l, nil
}
