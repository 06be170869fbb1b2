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
	"testing"
	"time"
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

// A recorder that is killed takes its children along: one that lived on would keep the card.
// This one stalls, so it would not notice by writing.
func TestChildDiesWithItsParent(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent := exec.Command(self, "-test.run=^TestParent$", "-test.v")
	parent.Env = append(os.Environ(), "PARENT=1")
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var child string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if pid, is := strings.CutPrefix(lines.Text(), "child "); is {
			child = pid
			break
		}
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // says that it was killed
	if child == "" {
		t.Fatal("the parent has no child")
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		stat, err := os.ReadFile("/proc/" + child + "/stat")
		if errors.Is(err, fs.ErrNotExist) || strings.Contains(string(stat), ") Z ") {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("the child lives on: %s, %v", stat, err)
		}
	}
}

// TestParent is the recorder that TestChildDiesWithItsParent kills.
func TestParent(t *testing.T) {
	if os.Getenv("PARENT") == "" {
		t.Skip("run by TestChildDiesWithItsParent")
	}
	open(t, fakeConfig(t, "3,stall"))
	fmt.Println("child", captor(t, "3,stall"))
	select {}
}
