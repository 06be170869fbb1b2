package wipe

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"linevault/codec/codectest"
)

// TestSignal has a process copy sound, get a signal, and clear all that it holds itself. The sound
// is in its memory nevertheless, where the kernel put the registers, until Thread is called.
func TestSignal(t *testing.T) {
	if os.Getenv("LINEVAULT_TEST_WIPE") != "" {
		copies(t)
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, "-test.run=^TestSignal$")
	c.Env = append(Environment(os.Environ()), "LINEVAULT_TEST_WIPE=1")
	in, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = in.Close() // which ends it
		_, _ = io.Copy(io.Discard, out)
		_ = c.Wait()
	}()
	m := codectest.NewMarker(1)
	samples := make([]byte, 640)
	for i := range samples {
		samples[i] = byte(m.Samples[i/2] >> (8 * (i % 2)))
	}
	says := bufio.NewScanner(out)
	step := func(tell []byte) (where []string) {
		t.Helper()
		if _, err := in.Write(tell); err != nil || !says.Scan() {
			t.Fatalf("%v, %v", err, says.Err())
		}
		where, size := m.InMemory(t, c.Process.Pid)
		t.Logf("%d MB, %s: %q", size>>20, says.Text(), where)
		return where
	}
	if where := step(samples); len(where) == 0 && runtime.GOARCH == "amd64" {
		t.Error("the kernel leaves no sound behind here: this test proves nothing")
	}
	if where := step([]byte{0}); len(where) > 0 {
		t.Errorf("sound is left: %q", where)
	}
}

// copies is the process: it does as it is told through its standard input.
func copies(t *testing.T) {
	runtime.LockOSThread()
	Thread()
	from, to := make([]byte, 640), make([]byte, 640)
	if _, err := io.ReadFull(os.Stdin, from); err != nil {
		t.Fatal(err)
	}
	process, thread := os.Getpid(), unix.Gettid()
	copy(to, from)
	_ = unix.Tgkill(process, thread, unix.SIGURG)
	clear(from)
	clear(to)
	fmt.Println("copied")
	var b [1]byte
	if _, err := os.Stdin.Read(b[:]); err != nil {
		t.Fatal(err)
	}
	Thread()
	fmt.Println("wiped")
	_, _ = os.Stdin.Read(b[:]) // its end
}
