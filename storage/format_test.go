package storage

import (
	"fmt"
	"strings"
	"testing"

	"linevault/codec"
	"linevault/codec/pcm"
	"linevault/storage/internal/worked"
)

// What FORMAT.md says of its worked bytes is what the code reads in them.
func TestFormatBox(t *testing.T) {
	for _, kind := range []string{"sound", "header", "final"} {
		content, says := worked.Bytes(t, "FORMAT.md", kind)
		if got := describeBox(t, content); got != says {
			t.Errorf("the %s box reads as\n%s\nand FORMAT.md says\n%s", kind, got, says)
		}
	}
}

func describeBox(t *testing.T, content []byte) string {
	t.Helper()
	var b strings.Builder
	say := func(format string, a ...any) error {
		fmt.Fprintf(&b, format+"\n", a...)
		return nil
	}
	span, err := readBox(pcm.Format{Rate: 8000, Legs: 2}, content, visitor{
		run: func(restart bool, epoch pcm.Epoch) error { return say("run, restart %v, epoch %d", restart, epoch) },
		packet: func(p codec.Packet) error {
			return say("packet of leg %d, samples %d..%d: %x", p.Leg, p.Span.From, p.Span.To, p.Data)
		},
		gap: func(g Gap) error {
			return say("gap %d..%d, %s, by %q, because %q", g.Span.From, g.Span.To, g.Cause, g.By, g.Reason)
		},
		peak: func(leg pcm.Leg, bin int64, v uint8) error {
			return say("bin %d, leg %d: %d", bin, leg, v)
		},
		late: func(g Gap) error {
			return say("late %d..%d, by %q, because %q", g.Span.From, g.Span.To, g.By, g.Reason)
		},
		call: func(j []byte) error { return say("call: %s", j) },
		header: func(j []byte) error {
			if _, err := readHeader(content); err != nil {
				return err
			}
			return say("header: %s", j)
		},
		final: func(x []byte) error {
			f, runs, err := readFinal(pcm.Format{Rate: 8000, Legs: 2}, content)
			if err != nil {
				return err
			}
			if err := say("end at %d, %s; %d samples of sound", f.End.At, f.End.Why, f.Recorded); err != nil {
				return err
			}
			for _, r := range runs {
				if r.Gap != nil {
					err = say("box %d: gap %d..%d, %s", r.Box, r.Span.From, r.Span.To, r.Gap.Cause)
				} else {
					err = say("box %d: sound %d..%d, restart %v, %d frames of %d samples, %d bytes in Ogg",
						r.Box, r.Span.From, r.Span.To, r.Restart, r.Frames, r.Raw, r.Cost)
				}
				if err != nil {
					return err
				}
			}
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("covers %d..%d\n%s", span.From, span.To, b.String())
}
