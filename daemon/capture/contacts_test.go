package capture

import (
	"context"
	"io"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpiotest"

	"linevault/codec/codectest"
	"linevault/codec/pcm"
	"linevault/daemon/call"
	"linevault/daemon/link"
	"linevault/hal"
	contact "linevault/hal/gpio"
)

// A payment terminal's contact pauses the line for as long as it asks, from before it was
// first read on.
func TestContactPausesWhileItAsks(t *testing.T) {
	b := newBench(t)
	speech := codectest.Speech(t, 60*rate)
	src := &timed{tape: tape{}, speech: speech, began: now()}
	patient := usual
	patient.HoldBack = 30 * time.Second // no edge comes too late, however busy this machine is
	l := b.line(src, call.NewWhole(call.Defaults(src.Format())), patient)
	// The contact opens to ask, and is open when the box starts: the pin is pulled up.
	pin := &gpiotest.Pin{N: "TILL", EdgesChan: make(chan gpio.Level, 1)}
	in := contact.New(pin, contact.Config{Pin: "TILL", NormallyClosed: true})
	k := Contact{Name: "till", Input: in, Lines: []pcm.LineID{"parking"}}
	k.Arm([]*Line{l})
	if len(l.gate.Asking()) != 1 {
		t.Fatal("the line is not paused before its contact has been read")
	}
	r := &Recorder{Writer: b.w, Health: b.board, Log: slog.New(slog.DiscardHandler), Commit: 200 * time.Millisecond}
	r.Start([]*Line{l})
	ctx, cancel := context.WithCancel(t.Context())
	var watch sync.WaitGroup
	watch.Go(func() { r.Watch(ctx, k) })
	await(t, "the line to be paused", func() bool { return l.State().State == link.Paused })
	time.Sleep(time.Second)
	resumed := src.pos()
	pin.EdgesChan <- gpio.Low
	await(t, "the line to record", func() bool { return l.State().State == link.Recording })
	recording := src.pos()
	time.Sleep(1500 * time.Millisecond)
	paused := src.pos()
	pin.EdgesChan <- gpio.High
	await(t, "the line to be paused again", func() bool { return slices.Equal(l.State().PausedBy, []string{"contact till"}) })
	again := src.pos()
	time.Sleep(time.Second)
	src.end()
	r.Wait()
	cancel()
	watch.Wait()
	if err := in.Close(); err != nil {
		t.Error(err)
	}
	_, rows := b.stored()
	if len(rows) != 1 || len(rows[0].Gaps) != 2 {
		t.Fatalf("calls %+v", rows)
	}
	// The edge came after we read the clock, and before the line did as it said.
	const rounding = 2 // samples
	after, before := rows[0].Gaps[0], rows[0].Gaps[1]
	if after.Span.From != 0 || after.Span.To < resumed+rate/5-rounding || after.Span.To > recording+rate/5+rounding {
		t.Errorf("the first gap is %v, it ceased to ask between %d and %d", after.Span, resumed, recording)
	}
	if before.Span.From < paused-rate/2-rounding || before.Span.From > again-rate/2+rounding || before.By != "contact till" {
		t.Errorf("the second gap is %+v, it asked between %d and %d", before, paused, again)
	}
}

// timed is a line that gives speech at its own pace, as a card does.
type timed struct {
	tape
	speech []int16
	began  pcm.Mono
	given  pcm.Pos

	mu    sync.Mutex
	ended bool // guarded by mu
}

// pos is what the card is capturing now.
func (l *timed) pos() pcm.Pos { return l.Format().Samples(time.Duration(now() - l.began)) }

func (l *timed) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ended = true
}

func (l *timed) Read(b *hal.Block) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return io.EOF
	}
	b.Reset()
	at := now()
	to := min(l.Format().Samples(time.Duration(at-l.began)), l.given+rate/5, pcm.Pos(len(l.speech)))
	b.Frame = pcm.Frame{Epoch: 1, Pos: l.given, Format: l.Format(), PCM: append(b.Frame.PCM, l.speech[l.given:to]...)}
	l.given, b.Captured = to, at
	return nil
}

func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * time.Minute); !so(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
