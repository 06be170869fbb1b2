package analogue

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"linevault/hal"
	"linevault/hal/haltest"
)

// captor is the child of this process that was started with an argument.
func captor(t testing.TB, arg string) (pid string) {
	t.Helper()
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range lists {
		pids, err := os.ReadFile(list)
		if err != nil {
			continue // that thread has ended
		}
		for pid := range strings.FieldsSeq(string(pids)) {
			args, err := os.ReadFile("/proc/" + pid + "/cmdline")
			if err == nil && strings.Contains(string(args), "\x00"+arg+"\x00") {
				return pid
			}
		}
	}
	t.Fatalf("no child has the argument %s", arg)
	return ""
}

// parent runs TestParent with a role, in a process of its own that prints lines.
func parent(t *testing.T, role string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "-test.run=^TestParent$", "-test.v")
	cmd.Env = append(os.Environ(), "PARENT="+role)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()         // says how
	})
	return cmd, bufio.NewScanner(out)
}

// hear waits for a line that begins with a word and returns the rest of it.
func hear(t *testing.T, lines *bufio.Scanner, word string) string {
	t.Helper()
	for lines.Scan() {
		if rest, is := strings.CutPrefix(lines.Text(), word+" "); is {
			return rest
		}
	}
	t.Fatalf("the parent never said %q", word)
	return ""
}

// A recorder that is killed takes its children along: one that lived on would keep the card.
// This one stalls, so it would not notice by writing.
func TestChildDiesWithItsParent(t *testing.T) {
	t.Parallel()
	cmd, lines := parent(t, "victim")
	child := hear(t, lines, "child")
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		stat, err := os.ReadFile("/proc/" + child + "/stat")
		if errors.Is(err, fs.ErrNotExist) || strings.Contains(string(stat), ") Z ") {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the child lives on: %s, %v", stat, err)
		}
	}
}

// A recorder that is held up for longer than the watchdog's second finds everything in the
// pipe, and does not take its own lateness for the card's.
func TestHeldUp(t *testing.T) {
	t.Parallel()
	cmd, lines := parent(t, "sleeper")
	hear(t, lines, "child")
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	time.Sleep(stallLimit * 3 / 2)
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if got, want := hear(t, lines, "then"), "1 epochs, 0 losses"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestParent is the recorder of the two tests above.
func TestParent(t *testing.T) {
	switch os.Getenv("PARENT") {
	case "victim":
		open(t, fakeConfig(t, "3,stall"))
		fmt.Println("child", captor(t, "3,stall"))
		select {}
	case "sleeper":
		l := open(t, fakeConfig(t, "1000")).Lines()[0]
		fmt.Println("child", captor(t, "1000"))
		c := watch(t, l, func(_ *hal.Block, c *haltest.Checker) bool {
			return c.Audio > l.Format().Samples(2*stallLimit)
		})
		fmt.Printf("then %d epochs, %d losses\n", c.Epochs, c.Losses)
	default:
		t.Skip("run by other tests")
	}
}
