package storage

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"linevault/codec/pcm"
)

// fullDir in the environment makes the test binary a recorder whose disk fills up.
const fullDir = "LINEVAULT_TEST_FULL_DIR"

// A real full disk: a small tmpfs in a mount namespace of the child's own.
func TestDiskFull(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), fullDir+"="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	if exit, ok := errors.AsType[*exec.ExitError](err); !ok && err != nil {
		t.Skipf("this machine lets no test mount a file system: %v", err)
	} else if ok && strings.HasPrefix(string(out), "mount:") {
		t.Skipf("this machine lets no test mount a file system: %s", out)
	} else if ok {
		t.Fatalf("%v: %s", exit, out)
	}
	t.Logf("%s", out)
}

// fillDisk runs in the child: it records on a disk without room, then makes room.
func fillDisk(dir string) error {
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=3m"); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	if err := Create(dir, []string{"standard"}); err != nil {
		return err
	}
	var told []string
	w, err := OpenWriter(dir, WriterOptions{
		Backlog: 100 << 10, MaxSegment: 1 << 20, OnProblem: func(err error) { told = append(told, err.Error()) },
	})
	if err != nil {
		return err
	}
	lines := []*crashLine{{w: w}, {w: w}}
	for i, l := range lines {
		c := Call{
			ID: NewCallID(time.Now()), Line: pcm.LineID(fmt.Sprint(i)), Class: "standard",
			Format: pcm.Format{Rate: 8000, Legs: 2}, Start: time.Now(),
		}
		if l.r, err = w.Begin(c); err != nil {
			return err
		}
	}
	second := func(commit bool) error {
		for _, l := range lines {
			for range 17 {
				if err := l.instant(); err != nil {
					return err
				}
			}
			if err := l.r.Flush(); err != nil {
				return err
			}
		}
		if commit {
			return w.Commit()
		}
		return nil
	}
	for range 20 {
		if err := second(true); err != nil {
			return fmt.Errorf("with room: %w", err)
		}
	}
	filler := filepath.Join(dir, "filler")
	if err := fill(filler); err != nil {
		return err
	}
	failed := 0
	for range 60 {
		if err := second(true); err != nil {
			failed++
		}
	}
	boxes, waiting := w.Pending()
	switch {
	case failed == 0 || len(told) == 0:
		return errors.New("the disk was full and nobody was told")
	case !strings.Contains(told[len(told)-1], "free space on that disk"):
		return fmt.Errorf("the sentence does not say what to do: %s", told[len(told)-1])
	case waiting > 110<<10 || boxes == 0:
		return fmt.Errorf("%d bytes wait", waiting)
	}
	if err := os.Remove(filler); err != nil {
		return err
	}
	for range 5 {
		if err := second(true); err != nil {
			return fmt.Errorf("with room again: %w", err)
		}
	}
	for _, l := range lines {
		if err := l.r.Finish(End{At: l.pos, Why: HungUp}); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return checkFull(dir, lines, failed)
}

func fill(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	block := make([]byte, 4096)
	for err == nil {
		_, err = f.Write(block)
	}
	if !errors.Is(err, unix.ENOSPC) {
		return err
	}
	return f.Close()
}

// checkFull finds all that was recorded with room, and gaps of cause Lost for the rest.
func checkFull(dir string, lines []*crashLine, failed int) error {
	report, err := Check(dir, nil, CheckOptions{})
	if err != nil {
		return err
	}
	if !report.OK() {
		return fmt.Errorf("check: %+v", report.Problems)
	}
	s, err := Open(dir, nil)
	if err != nil {
		return err
	}
	defer s.Close()
	for _, l := range lines {
		p, err := s.Play(l.r.ID())
		if err != nil {
			return err
		}
		at, lost := pcm.Pos(0), pcm.Pos(0)
		for {
			k, g, err := p.Next()
			if err == io.EOF {
				break
			}
			switch {
			case err != nil:
				return err
			case g != nil:
				if g.Cause != Lost || g.Reason != backlogReason {
					return fmt.Errorf("gap %+v", g)
				}
				lost += g.Span.Len()
				at = g.Span.To
			case k.Span.From != at || string(k.Data) != string(crashPacket(l.r.ID(), k.Leg, at)):
				return fmt.Errorf("another packet at %d", at)
			case k.Leg == 1:
				at = k.Span.To
			}
		}
		if at != l.pos || lost == 0 || lost > 60*17*480 {
			return fmt.Errorf("it reaches %d of %d, %d lost", at, l.pos, lost)
		}
		fmt.Printf("%d commits failed; %d of %d samples became a gap\n", failed, lost, l.pos)
	}
	return nil
}

// A disk that stalls loses nothing while the backlog has room; what comes on top is a gap.
func TestBacklog(t *testing.T) {
	dir := t.TempDir()
	if err := Create(dir, []string{"standard"}); err != nil {
		t.Fatal(err)
	}
	w, err := OpenWriter(dir, WriterOptions{Backlog: 50 << 10, OnProblem: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	l := &crashLine{w: w}
	c := Call{ID: NewCallID(time.Now()), Class: "standard", Format: pcm.Format{Rate: 8000, Legs: 2}}
	if l.r, err = w.Begin(c); err != nil {
		t.Fatal(err)
	}
	pause := Gap{Span: pcm.Span{From: 17 * 480 * 30, To: 17*480*30 + 8000}, Cause: Paused, By: "terminal 1"}
	for i := range 60 {
		if l.pos == pause.Span.From {
			if err := l.r.Gap(pause); err != nil {
				t.Fatal(err)
			}
			l.pos = pause.Span.To
		}
		for range 17 {
			if err := l.instant(); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.r.Flush(); err != nil {
			t.Fatal(err)
		}
		if _, n := w.Pending(); n > 60<<10 {
			t.Fatalf("%d bytes wait after %d s", n, i)
		}
	}
	if err := l.r.Finish(End{At: l.pos, Why: HungUp}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	row, err := s.Find(l.r.ID())
	if err != nil {
		t.Fatal(err)
	}
	// The pause stays what it was, between what was lost before it and after it.
	if len(row.Gaps) != 3 || row.Gaps[0].Cause != Lost || row.Gaps[1].Span != pause.Span || row.Gaps[2].Cause != Lost {
		t.Errorf("gaps: %+v", row.Gaps)
	}
	report, err := Check(dir, nil, CheckOptions{})
	if err != nil || !report.OK() {
		t.Errorf("check: %+v, %v", report, err)
	}
}

// A folder that cannot be written is said so in one sentence.
func TestUnwritable(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	err := Create(dir, []string{"standard"})
	if err == nil || !strings.Contains(err.Error(), "give the folder to the user") {
		t.Errorf("%v", err)
	}
}
