package analogue

import (
	"errors"
	"io"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
	"linevault/hal/haltest"
)

// A reader that is too slow loses what was overwritten, and knows how much; one that keeps up
// loses nothing.
func TestOverrun(t *testing.T) {
	const frames = 160
	g := newRing(8000, 1, frames)
	slow, quick := newLine(LineConfig{ID: "slow", Channels: []int{1}}, g), newLine(LineConfig{ID: "quick", Channels: []int{1}}, g)
	slowCheck, quickCheck := haltest.NewChecker(slow), haltest.NewChecker(quick)
	read := func(l *line, c *haltest.Checker) {
		t.Helper()
		var b hal.Block
		for l.reader.At < g.kept.Next {
			if err := l.Read(&b); err != nil {
				t.Fatal(err)
			}
			if err := c.Step(&b); err != nil {
				t.Fatal(err)
			}
			for i, s := range b.Frame.PCM {
				if want := int16(int(b.Frame.Pos) + i); s != want {
					t.Fatalf("line %s, position %d: %d, want %d", l.id, int(b.Frame.Pos)+i, s, want)
				}
			}
		}
	}
	n := 0
	add := func() {
		r := record{Mono: pcm.Mono(time.Duration(n+1) * recordLength), PCM: make([]int16, frames)}
		for i := range r.PCM {
			r.PCM[i] = int16(n*frames + i)
		}
		g.add(&r)
		n++
	}
	add()
	read(slow, slowCheck)
	for range 1000 {
		add()
		read(quick, quickCheck)
	}
	read(slow, slowCheck)
	g.close()
	if quickCheck.Epochs != 1 || quickCheck.Audio != 1001*frames {
		t.Errorf("the quick reader got %d epochs with %d samples", quickCheck.Epochs, quickCheck.Audio)
	}
	kept := pcm.Pos(ringLength.Seconds() * 8000)
	if slowCheck.Epochs != 2 || slowCheck.Audio != kept+frames || slow.reader.Pos != quick.reader.Pos {
		t.Errorf("the slow reader got %d epochs with %d samples and is at %d, want 2 with %d at %d",
			slowCheck.Epochs, slowCheck.Audio, slow.reader.Pos, kept+frames, quick.reader.Pos)
	}
	if err := slow.Read(new(hal.Block)); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}

// A reader that slept through a loss and the return hears of neither; one that slept through
// the return alone hears of it late.
func TestOverrunOverLoss(t *testing.T) {
	g := newRing(8000, 1, 160)
	asleep, late := newLine(LineConfig{ID: "asleep", Channels: []int{1}}, g), newLine(LineConfig{ID: "late", Channels: []int{1}}, g)
	lateCheck := haltest.NewChecker(late)
	asleepCheck := haltest.NewChecker(asleep)
	now := pcm.Mono(time.Second)
	add := func(records int) {
		for range records {
			now += pcm.Mono(recordLength)
			g.add(&record{Mono: now, PCM: make([]int16, 160)})
		}
	}
	step := func(l *line, c *haltest.Checker) {
		t.Helper()
		var b hal.Block
		if err := l.Read(&b); err != nil {
			t.Fatal(err)
		}
		if err := c.Step(&b); err != nil {
			t.Fatal(err)
		}
	}
	add(1)
	g.lose("gone", now)
	g.lose("still gone", now)
	step(late, lateCheck)
	if !lateCheck.Lost {
		t.Error("the loss was not signalled with the audio before it")
	}
	now += pcm.Mono(time.Minute)
	add(1000)
	step(late, lateCheck)
	step(asleep, asleepCheck)
	if lateCheck.Lost || lateCheck.Losses != 1 || asleepCheck.Losses != 0 || late.reader.Pos != asleep.reader.Pos {
		t.Errorf("late: %+v; asleep: %+v", lateCheck, asleepCheck)
	}
	if missed := time.Duration(late.format.Duration(late.reader.Pos)); missed < time.Minute {
		t.Errorf("positions advanced by %v over a loss of a minute", missed)
	}
}

// Stamps that jitter, drift and come late say nothing of missing audio; a step does.
func TestSlip(t *testing.T) {
	f := pcm.Format{Rate: 8000, Legs: 1}
	for _, test := range []struct {
		name  string
		stamp func(n int) time.Duration // of record n
		want  time.Duration
	}{
		{"steady", func(n int) time.Duration { return time.Duration(n) * recordLength }, 0},
		{"half a per cent slow", func(n int) time.Duration { return time.Duration(n) * recordLength * 1005 / 1000 }, 0},
		{"held up for half a second, then caught up", func(n int) time.Duration {
			return time.Duration(max(n, min(n+25, 525))) * recordLength
		}, 0},
		{"jitter", func(n int) time.Duration {
			return time.Duration(n)*recordLength + time.Duration(n*7919%50)*time.Millisecond
		}, 0},
		{"200 ms dropped", func(n int) time.Duration {
			return time.Duration(n)*recordLength + time.Duration(n/500)*200*time.Millisecond
		}, 200 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := slip{format: f}
			var missing pcm.Pos
			for n := range 999 {
				missing += s.step(missing+pcm.Pos(n*160), pcm.Mono(test.stamp(n)))
			}
			if got := f.Duration(missing); got != test.want {
				t.Errorf("%v missing, want %v", got, test.want)
			}
		})
	}
}
