package capture

import (
	"testing"
	"time"

	"linevault/codec/codectest"
	"linevault/codec/pcm"
	"linevault/daemon/call"
	"linevault/daemon/link"
	"linevault/daemon/pause"
)

// Who is told that a line is paused, and asks at once how the line is, does not hear that it is
// being recorded.
func TestAnsweredIsAsTheLineIs(t *testing.T) {
	b, src := newBench(t), &tape{}
	speech := codectest.Speech(t, 20*rate)
	for p := pcm.Pos(0); p < 10*rate; p += rate / 10 {
		src.sound(speech, 1, p, rate/10)
	}
	l := b.line(src, call.NewWhole(call.Defaults(src.Format())), pause.Policy{HoldBack: time.Second})
	for range 50 {
		if err := l.Step(); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 20 {
		do, want := Pause, link.Paused
		if i%2 == 1 {
			do, want = Resume, link.Recording
		}
		answer, state := make(chan Receipt), make(chan link.State)
		go func() {
			<-answer
			state <- l.State().State
		}()
		l.Post(Mark{Pos: new(l.upto), Do: do, Source: pause.Source{Name: "terminal 1"}, answer: answer})
		if err := l.Step(); err != nil {
			t.Fatal(err)
		}
		if got := <-state; got != want {
			t.Fatalf("the line is %s when it has answered that it is %s", got, want)
		}
	}
	b.run(l)
}
