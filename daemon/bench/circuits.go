package bench

import (
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"linevault/codec/pcm"
	"linevault/daemon/call"
	"linevault/daemon/capture"
	"linevault/daemon/health"
	"linevault/daemon/pause"
	"linevault/hal"
	"linevault/storage"
)

// overrun is how far a line may be behind its card before sound would be lost: a card keeps 8 s, and half
// of that is called an overrun here.
const overrun = 4 * time.Second

// Circuits replays so many lines in real time through the recorder itself, a worker a core, and says
// whether any of them fell behind, and what part of the processors it took.
func Circuits(w io.Writer, dir string, sound []int16, lines, seconds, complexity int) error {
	if err := storage.Create(dir, []string{"standard"}); err != nil {
		return err
	}
	writer, err := storage.OpenWriter(dir, storage.WriterOptions{})
	if err != nil {
		return err
	}
	board := health.NewBoard(slog.New(slog.DiscardHandler))
	began := hal.Now()
	var tapes []*paced
	var all []*capture.Line
	for i := range lines {
		t := &paced{
			tape: tape{id: pcm.LineID(fmt.Sprintf("line-%d", i)), sound: sound, at: start(sound, i, lines)}, began: began,
			until: pcm.Pos(seconds * format.Rate),
		}
		l, err := capture.NewLine(capture.Setup{
			Source: t, Detector: call.NewVoice(call.Defaults(format)), Complexity: complexity,
			Pause: pause.Policy{HoldBack: 2 * time.Second},
			Call:  storage.Call{Name: string(t.id), Class: "standard"}, Writer: writer, Health: board,
		})
		if err != nil {
			return err
		}
		tapes, all = append(tapes, t), append(all, l)
	}
	before := allCPU()
	r := &capture.Recorder{Writer: writer, Health: board, Log: slog.New(slog.DiscardHandler), Commit: time.Second}
	r.Start(all)
	r.Wait()
	used := allCPU() - before
	if err := writer.Close(); err != nil {
		return err
	}
	overruns, worst := 0, time.Duration(0)
	for _, t := range tapes {
		worst = max(worst, t.worst)
		if t.worst > overrun {
			overruns++
		}
	}
	name := fmt.Sprintf("_%dlines_complexity%d", lines, complexity)
	cores := float64(runtime.GOMAXPROCS(0))
	fmt.Fprintf(w, "real_time_overruns%s %d lines\n", name, overruns)
	fmt.Fprintf(w, "real_time_furthest_behind%s %.0f ms\n", name, float64(worst)/float64(time.Millisecond))
	fmt.Fprintf(w, "real_time_processors_used%s %.2f of %.0f\n", name, used/float64(seconds), cores)
	_, err = fmt.Fprintf(w, "times_real_time%s %.1f on %.0f processors\n", name, cores*float64(seconds)/used, cores)
	return err
}

// allCPU is the processor time that the whole process has used, in seconds.
func allCPU() float64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic("bench: " + err.Error())
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// paced is a tape that plays by the clock, as a card does.
type paced struct {
	tape
	began pcm.Mono
	until pcm.Pos
	worst time.Duration
}

func (l *paced) Read(b *hal.Block) error {
	now := hal.Now()
	due := min(format.Samples(time.Duration(now-l.began)), l.until)
	l.worst = max(l.worst, format.Duration(due-l.pos))
	b.Reset()
	n := min(due-l.pos, format.Samples(hal.MaxBlock))
	if n == 0 && l.pos == l.until {
		return io.EOF
	}
	b.Frame = pcm.Frame{Epoch: 1, Pos: l.pos, Format: format, PCM: b.Frame.PCM}
	for range int(n) * format.Legs {
		b.Frame.PCM = append(b.Frame.PCM, l.sound[l.at])
		l.at = (l.at + 1) % len(l.sound)
	}
	l.pos += n
	b.Captured = l.began + pcm.Mono(format.Duration(l.pos))
	return nil
}
