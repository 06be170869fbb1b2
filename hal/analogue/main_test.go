package analogue

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"linevault/codec/pcm"
	"linevault/hal"
)

// TestMain makes this test binary its own child: with "card" the real one, with "fake" one
// that misbehaves as it is told.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 {
		switch os.Args[1] {
		case "card":
			if err := Child(context.Background(), os.Args[2:]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		case "fake":
			fake(os.Args[2])
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

// fakeChannels and fakeRate are those of every fake card.
const (
	fakeChannels = 3
	fakeRate     = 8000
	fakeFrames   = fakeRate / 50
)

// fake writes records in real time, sample i of channel c being fakeSample(i, c), stamped with when
// each was due: how busy the machine is makes them late, and not other ones. script is a list of
// acts: a number plays that many records, a word does something else once.
func fake(script string) {
	if err := noCoreDump(); err != nil {
		panic(err)
	}
	i, due := 0, time.Now()
	var wire []byte
	play := func(records int, overflow bool) {
		for range records {
			due = due.Add(recordLength)
			time.Sleep(time.Until(due))
			r := record{Mono: hal.Now() - pcm.Mono(time.Since(due)), Overflow: overflow}
			for range fakeFrames {
				for c := range fakeChannels {
					r.PCM = append(r.PCM, fakeSample(i, c))
				}
				i++
			}
			wire = appendRecord(wire[:0], fakeChannels, &r)
			if _, err := os.Stdout.Write(wire); err != nil {
				os.Exit(0)
			}
		}
	}
	for act := range strings.SplitSeq(script, ",") {
		switch act {
		case "overflow": // half a second is dropped, and said so
			due = due.Add(500 * time.Millisecond)
			play(1, true)
		case "slip": // half a second is dropped in silence
			due = due.Add(500 * time.Millisecond)
		case "stall":
			select {}
		case "crash":
			fmt.Fprintln(os.Stderr, "ALSA lib chatter\nthe last words")
			_ = unix.Kill(os.Getpid(), unix.SIGKILL)
			select {}
		case "garbage":
			os.Stdout.WriteString("ALSA lib pcm.c: something went wrong, here on standard output\n")
		case "fault":
			_ = giveUp(os.Stdout, &fault{Text: "there is no input device \"x\"", Hint: "the devices there are: \"y\" (8 channels)"})
			os.Exit(1)
		default:
			n, err := strconv.Atoi(act)
			if err != nil {
				panic(err)
			}
			play(n, false)
		}
	}
}

func fakeSample(i, channel int) int16 { return int16(i*4 + channel) }

// fakeConfig is a card with two lines on a fake child: one of channel 2, one of 1 and 3.
func fakeConfig(t *testing.T, script string) Config {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Name: "fake0", Device: "fake", Rate: fakeRate,
		Helper: []string{self, "fake", script},
		Lines:  []LineConfig{{ID: "one", Channels: []int{2}}, {ID: "two", Channels: []int{1, 3}}},
	}
}
