package wipe

import (
	"bytes"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"unsafe"
)

const secret = 0xa7

// leave fills some of the stack, and registers, with what must not stay there, and returns where that was.
//
//go:noinline
func leave(to []byte) (at uintptr) {
	var b [4096]byte
	for i := range b {
		b[i] = secret
	}
	copy(to, b[:640])
	return uintptr(unsafe.Pointer(&b))
}

// TestThread reads the stack below, as whoever looks into memory would.
func TestThread(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which may move a stack, as Environment forbids it
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		Thread()
		to := make([]byte, 640)
		at := leave(to)
		memory, err := os.Open("/proc/self/mem")
		if err != nil {
			t.Errorf("%v", err)
			return
		}
		defer memory.Close()
		Thread()
		b := make([]byte, 4096)
		if _, err := memory.ReadAt(b, int64(at)); err != nil {
			t.Errorf("%v", err)
		}
		if n := bytes.Count(b, []byte{secret, secret, secret, secret}); n > 0 {
			t.Errorf("%d times four bytes of what was on the stack are still there", n)
		}
		clear(to)
	}()
	<-done
}

func TestEnvironment(t *testing.T) {
	for _, r := range []struct{ was, want []string }{
		{[]string{"A=1"}, []string{"A=1", "GODEBUG=asyncpreemptoff=1,gcshrinkstackoff=1"}},
		{[]string{"GODEBUG=gctrace=1", "A=1"}, []string{"A=1", "GODEBUG=gctrace=1,asyncpreemptoff=1,gcshrinkstackoff=1"}},
	} {
		if got := Environment(r.was); !slices.Equal(got, r.want) {
			t.Errorf("of %q: %q", r.was, got)
		}
	}
}

// TestProcess: the program is started anew once, as the same process with the same arguments.
func TestProcess(t *testing.T) {
	if os.Getenv("LINEVAULT_TEST_WIPE") != "" {
		if err := Process(); err != nil {
			t.Fatal(err)
		}
		t.Logf("process %d has %s", os.Getpid(), os.Getenv("GODEBUG"))
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(self, "-test.run=^TestProcess$", "-test.v")
	c.Env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "GODEBUG=") }), "LINEVAULT_TEST_WIPE=1")
	out, err := c.CombinedOutput()
	if err != nil || strings.Count(string(out), "=== RUN") != 2 || !strings.Contains(string(out), "has asyncpreemptoff=1,gcshrinkstackoff=1") {
		t.Errorf("%v, %s", err, out)
	}
}

// BenchmarkThread is what it costs, 50 times a second and card.
func BenchmarkThread(b *testing.B) {
	runtime.LockOSThread()
	for b.Loop() {
		Thread()
	}
}
