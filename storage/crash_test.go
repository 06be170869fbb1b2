package storage

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"linevault/codec"
	"linevault/codec/pcm"
)

// crashDir in the environment makes the test binary a recorder that waits to be killed.
const crashDir = "LINEVAULT_TEST_CRASH_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		if err := recordUntilKilled(dir); err != nil {
			fmt.Println("error", err)
		}
		os.Exit(1)
	}
	if dir := os.Getenv(fullDir); dir != "" {
		if err := fillDisk(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// crashLines is how many recordings run when the kill comes.
const crashLines = 8

// recordUntilKilled records on all lines and prints, after each commit, how far each call is
// on disk. Segments are small and calls short, so that kills meet rolls, ends and starts.
func recordUntilKilled(dir string) error {
	w, err := OpenWriter(dir, WriterOptions{MaxSegment: 200 << 10, OnProblem: func(err error) { fmt.Println("error", err) }})
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	lines := make([]*crashLine, crashLines)
	for i := range lines {
		lines[i] = &crashLine{w: w, rnd: rand.New(rand.NewPCG(uint64(i), uint64(os.Getpid())))}
	}
	for {
		for _, l := range lines {
			if err := l.step(); err != nil {
				return err
			}
		}
		if err := w.Commit(); err != nil {
			return err
		}
		for _, l := range lines {
			for _, said := range l.said {
				fmt.Fprintln(out, said)
			}
			l.said = l.said[:0]
		}
		if err := out.Flush(); err != nil {
			return err
		}
	}
}

type crashLine struct {
	w    *Writer
	rnd  *rand.Rand
	r    *Recording
	pos  pcm.Pos
	said []string
}

// step records about a second, or ends the call.
func (l *crashLine) step() error {
	if l.r == nil {
		c := Call{
			ID: NewCallID(time.Now()), Line: "line", Class: "standard",
			Format: pcm.Format{Rate: 8000, Legs: 2}, Start: time.Now(), From: l.pos,
		}
		r, err := l.w.Begin(c)
		if err != nil {
			return err
		}
		l.r = r
	}
	switch l.rnd.IntN(8) {
	case 0:
		g := Gap{Span: pcm.Span{From: l.pos, To: l.pos + 8000}, Cause: Paused, By: "terminal 1"}
		l.pos = g.Span.To
		if err := l.r.Gap(g); err != nil {
			return err
		}
	case 1:
		id := l.r.ID()
		err := l.r.Finish(End{At: l.pos, Why: HungUp})
		l.r = nil
		l.said = append(l.said, fmt.Sprintf("ended %s %d", id, l.pos))
		return err
	default:
		for range 16 {
			if err := l.instant(); err != nil {
				return err
			}
		}
	}
	l.said = append(l.said, fmt.Sprintf("kept %s %d", l.r.ID(), l.pos))
	return l.r.Flush()
}

// instant records two packets that a test can know again: they say where they belong.
func (l *crashLine) instant() error {
	span := pcm.Span{From: l.pos, To: l.pos + 480}
	for leg := range 2 {
		data := crashPacket(l.r.ID(), pcm.Leg(leg), l.pos)
		err := l.r.Packet(codec.Packet{Leg: pcm.Leg(leg), Span: span, Data: data})
		if err != nil {
			return err
		}
	}
	l.pos = span.To
	return nil
}

func crashPacket(id CallID, leg pcm.Leg, pos pcm.Pos) []byte {
	return []byte("\x18" + strings.Repeat(fmt.Sprintf("%s %d %d ", id, leg, pos), 3))
}

// Invariant 5, bounded loss: whatever was committed when a recorder is killed is there
// afterwards, whole, without anyone's help; nothing is found damaged; calls that were live are
// listed as interrupted, ended ones as ended.
func TestInvariantBoundedLoss(t *testing.T) {
	kills := 200
	if testing.Short() {
		kills = 20
	}
	// Several kills in one store: a recorder starts where another one died.
	const perStore = 10
	for range kills / perStore {
		dir := t.TempDir()
		if err := Create(dir, []string{"standard"}); err != nil {
			t.Fatal(err)
		}
		acked := map[CallID]acked{}
		for range perStore {
			killOnce(t, dir, acked)
		}
		checkAcked(t, dir, acked)
		if t.Failed() {
			return
		}
	}
}

type acked struct {
	to    pcm.Pos
	ended bool
}

func killOnce(t *testing.T, dir string, calls map[CallID]acked) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(time.Duration(10+rand.IntN(90))*time.Millisecond, func() {
		_ = cmd.Process.Signal(syscall.SIGKILL) // it may have ended, which Wait tells
	})
	defer timer.Stop()
	said, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	if cmd.ProcessState.Exited() {
		t.Fatalf("the recorder ended by itself: %s", said)
	}
	// A last line that the kill cut short was never said.
	said = said[:strings.LastIndexByte(string(said), '\n')+1]
	for line := range strings.Lines(string(said)) {
		var what string
		var id CallID
		var to pcm.Pos
		if n, err := fmt.Sscan(line, &what, &id, &to); n != 3 || what == "error" {
			t.Fatalf("the recorder said %q: %v", line, err)
		}
		calls[id] = acked{to: to, ended: what == "ended"}
	}
}

func checkAcked(t *testing.T, dir string, calls map[CallID]acked) {
	t.Helper()
	report, err := Check(dir, nil, CheckOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range report.Problems {
		t.Errorf("check: %+v", p)
	}
	s, err := Open(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for id, a := range calls {
		p, err := s.Play(id)
		if err != nil {
			t.Errorf("%v; it was acknowledged to %d", err, a.to)
			continue
		}
		row := p.Row()
		if row.Live || (a.ended && row.Why != HungUp) || (!a.ended && row.Why != Interrupted && row.Why != HungUp) {
			t.Errorf("call %s is listed as %+v, ended: %v", id, row.Why, a.ended)
		}
		at := p.Span().From
		for {
			k, g, err := p.Next()
			if err == io.EOF || err == io.ErrUnexpectedEOF {
				break
			}
			switch {
			case err != nil:
				t.Fatal(err)
			case g != nil:
				if g.Cause != Paused || g.Span.From != at {
					t.Errorf("call %s has the gap %+v at %d", id, g, at)
				}
				at = g.Span.To
			default:
				if k.Span.From != at || string(k.Data) != string(crashPacket(id, k.Leg, at)) {
					t.Errorf("call %s: another packet at %d", id, at)
				}
				if k.Leg == 1 {
					at = k.Span.To
				}
			}
		}
		if at < a.to {
			t.Errorf("call %s reaches %d and was acknowledged to %d", id, at, a.to)
		}
		p.Close()
	}
	t.Logf("%d calls, %d interrupted, %d boxes, %d orphan keys, %d temporary files",
		report.Calls, report.Interrupted, report.Boxes, report.Orphans, report.Temps)
	if temps, _ := filepath.Glob(filepath.Join(dir, segmentsDir, ".new-*")); len(temps) > 1 {
		t.Errorf("a recorder's start left temporary files: %v", temps)
	}
}
