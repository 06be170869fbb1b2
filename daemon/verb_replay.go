package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"linevault/codec/pcm"
	"linevault/codec/wav"
	"linevault/daemon/call"
	"linevault/daemon/capture"
	"linevault/daemon/config"
	"linevault/daemon/health"
	"linevault/daemon/pause"
	"linevault/hal/replay"
	"linevault/storage"
)

// replayOptions are what `linevault replay` is told.
type replayOptions struct {
	dir, line, class, onPause         string
	speed                             float64
	pauses                            []string
	holdBack, guardBefore, guardAfter time.Duration
	number, direction                 string
	complexity                        int
}

func replayVerb() *cobra.Command {
	var o replayOptions
	c := &cobra.Command{
		Use:   "replay FILE.wav",
		Short: "Record a WAV file as if it were a call on a line",
		Long: `Take a WAV file, mono or stereo (near left, far right), through the whole path, as one
call on a line, into a data folder on which no box runs; a store is made there if there is
none. The last line printed is the call's id, alone.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error { return replayFile(c, o, args[0]) },
	}
	dataFlag(c, &o.dir)
	f := c.Flags()
	f.StringVar(&o.line, "line", "replay", "the `name` of the line")
	f.StringVar(&o.class, "class", "standard", "retention `class`")
	f.Float64Var(&o.speed, "speed", 0, "1 is real time, 0 as fast as it goes")
	f.StringArrayVar(&o.pauses, "pause", nil, "pause there, such as `5s-9.5s`; may be given again")
	f.DurationVar(&o.holdBack, "hold-back", 2*time.Second, "how long audio waits in the gate")
	f.DurationVar(&o.guardBefore, "guard-before", 500*time.Millisecond, "cut this much before a pause, too")
	f.DurationVar(&o.guardAfter, "guard-after", 200*time.Millisecond, "cut this much after a resume, too")
	f.StringVar(&o.onPause, "on-pause", "resume", "`resume` after a pause, or \"stop\" for good")
	f.StringVar(&o.number, "number", "", "the other party's `number`")
	f.StringVar(&o.direction, "direction", "", "`in` or \"out\"")
	f.IntVar(&o.complexity, "complexity", 5, "Opus complexity, 1 to 10")
	return c
}

// span is a --pause.
type times struct{ from, to time.Duration }

func parseTimes(s string) (times, error) {
	a, b, ok := strings.Cut(s, "-")
	from, err1 := time.ParseDuration(a)
	to, err2 := time.ParseDuration(b)
	if !ok || errors.Join(err1, err2) != nil || from < 0 || to < from {
		return times{}, coded{fmt.Errorf("--pause %q: this is not a stretch such as 5s-9.5s", s), exitUsage}
	}
	return times{from, to}, nil
}

func replayFile(c *cobra.Command, o replayOptions, name string) error {
	id := config.ID(o.line)
	if id == "" {
		return coded{fmt.Errorf("--line %q: a line's name has letters or digits", o.line), exitUsage}
	}
	if o.onPause != "resume" && o.onPause != "stop" {
		return coded{fmt.Errorf("--on-pause %q: this is not \"resume\" or \"stop\"", o.onPause), exitUsage}
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	line := newProgress(c.ErrOrStderr())
	defer line.end()
	r, err := wav.NewReader(line.reading(f, info.Size()))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if rate := r.Format().Rate; rate != 8000 && rate != 16000 {
		return fmt.Errorf("%s: %d samples a second; lines have 8000 or 16000", name, rate)
	}
	src, err := replay.File(id, r, o.speed)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if err := storage.Create(o.dir, []string{o.class}); err != nil {
		return err
	}
	problems := func(err error) { fmt.Fprintln(c.ErrOrStderr(), "linevault:", err) }
	w, err := storage.OpenWriter(o.dir, storage.WriterOptions{OnProblem: problems})
	if err != nil {
		return err
	}
	defer w.Close()
	l, err := capture.NewLine(capture.Setup{
		Source:   src,
		Detector: call.NewWhole(call.Defaults(src.Format())),
		Pause: pause.Policy{
			HoldBack: o.holdBack, GuardBefore: o.guardBefore, GuardAfter: o.guardAfter, Stop: o.onPause == "stop",
		},
		Complexity: o.complexity,
		Call: storage.Call{
			Name: o.line, Class: o.class, Software: version,
			FarNumber: storage.Number(o.number), Direction: storage.Direction(o.direction),
		},
		AtEnd:  storage.FileEnd,
		Writer: w,
		Health: health.NewBoard(slog.New(slog.NewTextHandler(c.ErrOrStderr(), nil))),
	})
	if err != nil {
		return err
	}
	defer l.Close()
	if err := postPauses(l, o.pauses, src.Format()); err != nil {
		return err
	}
	call, err := stepAll(l, w, o.speed)
	line.end()
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if call == "" {
		return fmt.Errorf("%s: there is no sound in it", name)
	}
	_, err = fmt.Fprintln(c.OutOrStdout(), call)
	return err
}

// postPauses marks every --pause before the file begins: the gate knows positions.
func postPauses(l *capture.Line, pauses []string, f pcm.Format) error {
	for i, s := range pauses {
		t, err := parseTimes(s)
		if err != nil {
			return err
		}
		by := pause.Source{Name: fmt.Sprintf("replay --pause %d", i+1)}
		from, to := f.Samples(t.from), f.Samples(t.to)
		if !l.Post(capture.Mark{Pos: &from, Do: capture.Pause, Source: by, Reason: "asked for on the command line", Arm: true}) ||
			!l.Post(capture.Mark{Pos: &to, Do: capture.Resume, Source: by}) {
			return coded{errors.New("--pause: there are too many"), exitUsage}
		}
	}
	return nil
}

// stepAll runs the line to its end. In real time it commits each second, as a box does; at
// full speed, each time that a good deal waits.
func stepAll(l *capture.Line, w *storage.Writer, speed float64) (storage.CallID, error) {
	var id storage.CallID
	committed := time.Now()
	for {
		err := l.Step()
		if k := l.State().Call; k != "" {
			id = k
		}
		if err == io.EOF {
			return id, w.Commit()
		}
		if err != nil {
			return id, err
		}
		if _, bytes := w.Pending(); bytes > 1<<20 || time.Since(committed) > time.Second {
			l.Flush()
			if err := w.Commit(); err != nil {
				return id, err
			}
			committed = time.Now()
		}
		if speed > 0 {
			time.Sleep(20 * time.Millisecond)
		}
	}
}
