package output

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/health"
	"linevault/daemon/link"
)

func TestOn(t *testing.T) {
	line := func(id pcm.LineID, s link.State, by ...string) link.LineState {
		return link.LineState{Line: id, State: s, PausedBy: by}
	}
	two := []pcm.LineID{"a", "b"}
	for _, c := range []struct {
		name              string
		lines             []link.LineState
		paused, recording bool
	}{
		{"no line is known", nil, false, false},
		{"one of two is known", []link.LineState{line("a", link.Paused, "x")}, false, false},
		{"one of two is paused", []link.LineState{line("a", link.Paused, "x"), line("b", link.Recording)}, false, true},
		{"one is idle and would record", []link.LineState{line("a", link.Paused, "x"), line("b", link.Idle)}, false, false},
		{"both are paused, one for the next call", []link.LineState{line("a", link.Paused, "x"), line("b", link.Idle, "contact y")}, true, false},
		{"a call of which no sound is kept", []link.LineState{line("a", link.Unrecorded), line("b", link.Idle)}, false, false},
		{"others are paused", []link.LineState{line("c", link.Paused, "x"), line("d", link.Paused, "x")}, false, false},
	} {
		for when, want := range map[When]bool{Paused: c.paused, Recording: c.recording} {
			if got := (Output{When: when, Lines: two}).On(c.lines); got != want {
				t.Errorf("%s: %s is %v", c.name, when, got)
			}
		}
	}
	if (Output{When: Paused}).On(nil) {
		t.Error("an output without lines says that they are paused")
	}
}

// lamp is a pin that may break.
type lamp struct {
	mu     sync.Mutex // guards what follows
	on     bool
	broken error
	sets   int
}

func (l *lamp) Set(on bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sets++
	if l.broken == nil {
		l.on = on
	}
	return l.broken
}

func (l *lamp) is() bool { l.mu.Lock(); defer l.mu.Unlock(); return l.on }

// set is how often it was set.
func (l *lamp) set() int { l.mu.Lock(); defer l.mu.Unlock(); return l.sets }

func (l *lamp) breaks(err error) { l.mu.Lock(); defer l.mu.Unlock(); l.broken = err }

func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		if so() {
			return
		}
	}
	t.Fatalf("waited in vain for %s", what)
}

// The keeper does as it is told, tells of a pin that fails, switches all off when it hears
// nothing any more, and when its input ends.
func TestKeeper(t *testing.T) {
	a, b := &lamp{}, &lamp{}
	in, tell := io.Pipe()
	hear, out := io.Pipe()
	done := make(chan error, 1)
	opens := []Open{func() (Pin, error) { return a, nil }, func() (Pin, error) { return b, nil }}
	go func() { done <- keep(in, out, opens, 300*time.Millisecond) }()
	faults := make(chan string, 10)
	go func() {
		for s := bufio.NewScanner(hear); s.Scan(); {
			faults <- s.Text()
		}
	}()
	say := func(s string) {
		if _, err := io.WriteString(tell, s); err != nil {
			t.Fatal(err)
		}
	}
	say("10\n")
	await(t, "a to be on", func() bool { return a.is() || a.set() > 1 })
	await(t, "silence to switch all off", func() bool { return !a.is() })
	say("11\n")
	await(t, "both to be on", func() bool { return b.is() || b.set() > 1 })
	say("nonsense\n")
	await(t, "nonsense to switch all off", func() bool { return !a.is() && !b.is() })
	b.breaks(errors.New("the chip\nis gone"))
	say("01\n")
	if f := <-faults; f != "1 the chip is gone" {
		t.Errorf("it said %q", f)
	}
	b.breaks(nil)
	if f := <-faults; f != "1 " {
		t.Errorf("it said %q", f)
	}
	say("11\n")
	if err := tell.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil || a.is() || b.is() {
		t.Errorf("at the end %v, %v, %v", err, a.is(), b.is())
	}
}

// asKeeper in the environment makes the test binary a keeper, whose pin is a file.
const asKeeper = "LINEVAULT_TEST_AS_KEEPER"

type fileLamp string

func (f fileLamp) Set(on bool) error {
	return os.WriteFile(string(f), bytes.Repeat([]byte{'1'}, map[bool]int{true: 1}[on]), 0o600)
}

func TestMain(m *testing.M) {
	if f := os.Getenv(asKeeper); f != "" {
		_ = os.WriteFile(f+".pid", []byte(strconv.Itoa(os.Getpid())), 0o600)                   // the test says if it is missing
		_ = Keep(os.Stdin, os.Stdout, []Open{func() (Pin, error) { return fileLamp(f), nil }}) // its end is the end
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// The follower's keeper is killed: an alarm, and another one takes over. When the follower
// ends, the lamp is off.
func TestFollower(t *testing.T) {
	file := t.TempDir() + "/lamp"
	var mu sync.Mutex
	state := link.LineState{Line: "a", State: link.Recording}
	set := func(by ...string) { mu.Lock(); defer mu.Unlock(); state.PausedBy = by }
	board := health.NewBoard(slog.New(slog.DiscardHandler))
	var told atomic.Bool // however soon the alarm is over
	board.Watch(func(a health.Alarm, on bool) {
		if on && strings.Contains(a.Text, "do not follow the lines") {
			told.Store(true)
		}
	})
	f := &Follower{
		Outputs: []Output{{Name: "lamp", When: Paused, Lines: []pcm.LineID{"a"}}}, Health: board,
		Status: func() link.Status {
			mu.Lock()
			defer mu.Unlock()
			return link.Status{Lines: []link.LineState{state}}
		},
		Keeper: func() (*exec.Cmd, error) {
			c := exec.Command(os.Args[0])
			c.Env = append(os.Environ(), asKeeper+"="+file)
			return c, nil
		},
	}
	f.Open()
	stop := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() { defer close(stop); f.Run(ctx) }()
	lit := func() bool { b, _ := os.ReadFile(file); return len(b) == 1 }
	dark := func() bool { b, err := os.ReadFile(file); return err == nil && len(b) == 0 }
	await(t, "the lamp to be off", dark)
	set("terminal 1")
	f.Changed()
	await(t, "the lamp to be on", lit)
	keeper := func() int {
		b, _ := os.ReadFile(file + ".pid") // it is there, since the lamp is
		pid, _ := strconv.Atoi(string(b))
		return pid
	}
	first := keeper()
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	await(t, "an alarm", told.Load)
	set()
	await(t, "another keeper", func() bool { return keeper() != first && len(board.Alarms()) == 0 })
	await(t, "the lamp to be off", dark)
	set("terminal 1")
	await(t, "the lamp to be on", lit)
	cancel()
	<-stop
	if !dark() {
		t.Error("the follower ended, and the lamp is on")
	}
}
