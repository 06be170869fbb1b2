package ledger

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestMain is also the child of tests: it appends until it is killed, or so many times, and
// prints the number of each entry once that is acknowledged.
func TestMain(m *testing.M) {
	dir := os.Getenv("LINEVAULT_TEST_LEDGER")
	if dir == "" {
		os.Exit(m.Run())
	}
	l, err := Open(dir, key)
	for i := 0; err == nil && strconv.Itoa(i) != os.Getenv("LINEVAULT_TEST_TIMES"); i++ {
		var n int64
		e := Event{Kind: "child", Who: os.Getenv("LINEVAULT_TEST_WHO"), Text: strings.Repeat(strconv.Itoa(i)+" ", 1+i%300)}
		if n, err = l.Append(e); err == nil {
			fmt.Println(n)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func child(t *testing.T, dir, who, times string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), "LINEVAULT_TEST_LEDGER="+dir, "LINEVAULT_TEST_WHO="+who, "LINEVAULT_TEST_TIMES="+times)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, bufio.NewScanner(out)
}

// TestTwoProcesses has two processes append at once: every entry is there once, in each
// one's order.
func TestTwoProcesses(t *testing.T) {
	dir := t.TempDir()
	const each = 200
	acked := make(map[int64]string)
	var cmds []*exec.Cmd
	var outs []*bufio.Scanner
	for _, who := range []string{"a", "b"} {
		cmd, out := child(t, dir, who, strconv.Itoa(each))
		cmds, outs = append(cmds, cmd), append(outs, out)
	}
	for i, who := range []string{"a", "b"} {
		for outs[i].Scan() {
			n, err := strconv.ParseInt(outs[i].Text(), 10, 64)
			if err != nil || acked[n] != "" {
				t.Fatalf("%s was given %q, %v", who, outs[i].Text(), err)
			}
			acked[n] = who
		}
		if err := cmds[i].Wait(); err != nil {
			t.Fatal(err)
		}
	}
	l := open(t, dir)
	es, err := l.Events(0, l.Len())
	if err != nil || len(es) != 2*each {
		t.Fatal(len(es), err)
	}
	next := map[string]int{}
	for i, e := range es {
		if acked[int64(i)] != e.Who || !strings.HasPrefix(e.Text, strconv.Itoa(next[e.Who])+" ") {
			t.Fatalf("entry %d was acknowledged to %s and is %s's %.8q", i, acked[int64(i)], e.Who, e.Text)
		}
		next[e.Who]++
	}
	if err := l.Verify(); err != nil {
		t.Error(err)
	}
}

// TestKilled kills a process in mid append, fifty times, while another looks on: what was
// acknowledged is there, and everything verifies.
func TestKilled(t *testing.T) {
	dir := t.TempDir()
	watching := open(t, dir)
	acked := int64(-1)
	for range 50 {
		cmd, out := child(t, dir, "killed", "")
		stop := 1 + rand.IntN(20)
		for i := 0; i < stop && out.Scan(); i++ {
			n, err := strconv.ParseInt(out.Text(), 10, 64)
			if err != nil || n <= acked {
				t.Fatalf("acknowledged %q after %d, %v", out.Text(), acked, err)
			}
			acked = n
		}
		time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond) // any moment of an append will do
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		for out.Scan() { // what it had printed before it died
			n, err := strconv.ParseInt(out.Text(), 10, 64)
			if err == nil {
				acked = n
			}
		}
		_ = cmd.Wait() // it was killed
		if n := watching.Len(); n <= acked {
			t.Fatalf("entry %d was acknowledged and there are %d", acked, n)
		}
	}
	for _, l := range []*Ledger{watching, open(t, dir)} {
		if err := l.Verify(); err != nil {
			t.Fatal(err)
		}
		es, err := l.Events(0, l.Len())
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range es {
			if e.Kind != "child" {
				t.Fatalf("entry %d is %q", i, e.Kind)
			}
		}
	}
	t.Logf("%d entries, %d tears", watching.Len(), len(watching.tears))
}
