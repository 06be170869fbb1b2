package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"linevault/codec/codectest"
	"linevault/codec/pcm"
	"linevault/codec/wav"
	"linevault/daemon/control/controltest"
	"linevault/daemon/demo"
	"linevault/daemon/link"
)

// asMain in the environment makes the test binary be linevault: its own processes are of it.
const asMain = "LINEVAULT_TEST_AS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asMain) != "" {
		main()
	}
	os.Exit(m.Run())
}

// linevault is a command of this program.
func linevault(args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	c := exec.Command(self, args...)
	c.Env = append(os.Environ(), asMain+"=1")
	return c
}

// must runs a command to its end and returns what it printed.
func must(t *testing.T, args ...string) string {
	t.Helper()
	out, err := linevault(args...).Output()
	if err != nil {
		var x *exec.ExitError
		if ok := asExit(err, &x); ok {
			t.Fatalf("linevault %s: %v: %s%s", strings.Join(args, " "), err, x.Stderr, out)
		}
		t.Fatal(err)
	}
	return string(out)
}

func asExit(err error, x **exec.ExitError) bool {
	e, ok := err.(*exec.ExitError)
	*x = e
	return ok
}

// long marks a test of whole processes that says little about goroutines for the time that it
// takes under the race detector, whose runs are short.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("a long test of whole processes")
	}
}

// box is a running process of the box, with a data folder.
type box struct {
	t    *testing.T
	dir  string
	web  string
	api  string
	conf string
	cmd  *exec.Cmd
	out  *tail
}

// tail keeps what a process printed.
type tail struct {
	mu sync.Mutex
	b  bytes.Buffer // guarded by mu
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.Write(p)
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}

// newBox writes a configuration of lines and cards, and gives it ports of its own.
func newBox(t *testing.T, toml string) *box {
	t.Helper()
	controltest.OneDay(t)
	b := &box{t: t, dir: filepath.Join(t.TempDir(), "data"), web: freeAddress(t), api: freeAddress(t)}
	b.conf = filepath.Join(t.TempDir(), "box.toml")
	text := fmt.Sprintf("[web]\nlisten = %q\n[api]\nlisten = %q\n%s", b.web, b.api, toml)
	if err := os.WriteFile(b.conf, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return b
}

// freeAddress is an address that nobody else is given until the test ends: a socket that is bound to it and
// does not listen lets a box listen there, again and again, and the kernel gives its port to nobody.
func freeAddress(t *testing.T) string {
	t.Helper()
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(s) }) // it was opened
	here := [4]byte{127, 0, 0, 1}
	err = errors.Join(unix.SetsockoptInt(s, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1), unix.Bind(s, &unix.SockaddrInet4{Addr: here}))
	if err != nil {
		t.Fatal(err)
	}
	at, err := unix.Getsockname(s)
	if err != nil {
		t.Fatal(err)
	}
	return netip.AddrPortFrom(netip.AddrFrom4(here), uint16(at.(*unix.SockaddrInet4).Port)).String()
}

// start runs a verb of the box until the test ends, and waits until the recorder answers.
func (b *box) start(verb string) {
	b.t.Helper()
	b.cmd = linevault(verb, "--config", b.conf, "--data", b.dir)
	b.out = &tail{}
	b.cmd.Stdout, b.cmd.Stderr = b.out, b.out
	if err := b.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	cmd := b.cmd
	b.t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		_ = cmd.Wait()
		if b.t.Failed() {
			b.t.Logf("the box said:\n%s", b.out)
		}
	})
	b.await("the recorder to answer", func() bool { _, err := b.status(); return err == nil })
}

func (b *box) status() (link.Status, error) {
	return link.Dial(b.dir).Status(b.t.Context())
}

// stop ends the box in good order.
func (b *box) stop() {
	b.t.Helper()
	if err := b.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		b.t.Fatal(err)
	}
	if err := b.cmd.Wait(); err != nil {
		b.t.Fatalf("the box ended with %v and said:\n%s", err, b.out)
	}
}

// await polls until so, which must be within a generous time.
func (b *box) await(what string, so func() bool) {
	b.t.Helper()
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if so() {
			return
		}
	}
	b.t.Fatalf("waited in vain for %s; the box said:\n%s", what, b.out)
}

// calls are the calls in the data folder, oldest first.
func (b *box) calls() []callJSON {
	b.t.Helper()
	var all []callJSON
	d := json.NewDecoder(strings.NewReader(must(b.t, "calls", "--json", "--data", b.dir)))
	for {
		var c callJSON
		if err := d.Decode(&c); err == io.EOF {
			break
		} else if err != nil {
			b.t.Fatal(err)
		}
		all = append([]callJSON{c}, all...)
	}
	return all
}

// check fails the test unless the store is sound.
func (b *box) check() string {
	b.t.Helper()
	return must(b.t, "check", "--data", b.dir)
}

// sound exports a call and reads it back, interleaved.
func (b *box) sound(id string) []int16 {
	b.t.Helper()
	name := filepath.Join(b.t.TempDir(), "call.wav")
	must(b.t, "export", id, "--data", b.dir, "-o", name)
	all, _, err := wav.ReadFile(name)
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

// scripts writes n calls of real speech, of so many seconds, for lines of a replay card, and
// returns the card and a line for each. A call is followed by a second of idle line.
func scripts(t *testing.T, n, seconds int) (dir, toml string) {
	t.Helper()
	dir = t.TempDir()
	f := pcm.Format{Rate: 8000, Legs: 2}
	speech := codectest.Speech(t, n*seconds*f.Rate)
	var b strings.Builder
	fmt.Fprintf(&b, "[[card]]\nname = \"tape\"\nkind = \"replay\"\nfolder = %q\n", dir)
	for i := range n {
		name := fmt.Sprintf("call%d", i)
		var w bytes.Buffer
		if err := wav.WriteHeader(&w, f, int64(seconds*f.Rate)); err != nil {
			t.Fatal(err)
		}
		for _, s := range speech[i*seconds*f.Rate : (i+1)*seconds*f.Rate] {
			w.Write([]byte{byte(s), byte(s >> 8), byte(s / 2), byte(s / 2 >> 8)})
		}
		side, err := json.Marshal(demo.Call{
			Name: name, Number: fmt.Sprintf("0207946%04d", i), Direction: "in", Gap: 1, Seconds: float64(seconds),
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".wav"), w.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".json"), side, 0o600); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "[[line]]\nname = \"Line %d\"\nnumber = \"02079460%d\"\ndepartment = \"Revenues\"\ncard = \"tape\"\nscript = [%q]\ndetect = \"loop\"\nhold_back = \"500ms\"\n", i, 500+i, name)
	}
	return dir, b.String()
}
