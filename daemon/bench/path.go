package bench

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"linevault/codec/opus"
	"linevault/codec/pcm"
	"linevault/daemon/call"
	"linevault/daemon/capture"
	"linevault/daemon/health"
	"linevault/daemon/pause"
	"linevault/storage"
)

// Path is a number of lines on their whole way, from block to committed box, on one thread.
type Path struct {
	tapes  []*tape
	lines  []*capture.Line
	Writer *storage.Writer
}

// NewPath makes lines that play sound into a new store in dir.
func NewPath(dir string, sound []int16, lines, complexity int) (*Path, error) {
	if err := storage.Create(dir, []string{"standard"}); err != nil {
		return nil, err
	}
	w, err := storage.OpenWriter(dir, storage.WriterOptions{})
	if err != nil {
		return nil, err
	}
	p := &Path{Writer: w}
	board := health.NewBoard(slog.New(slog.DiscardHandler))
	for i := range lines {
		t := &tape{id: pcm.LineID(fmt.Sprintf("line-%d", i)), sound: sound, at: start(sound, i, lines)}
		l, err := capture.NewLine(capture.Setup{
			Source: t, Detector: call.NewVoice(call.Defaults(format)), Complexity: complexity,
			Pause: pause.Policy{HoldBack: 2 * time.Second}, AtEnd: storage.FileEnd,
			Call:   storage.Call{Name: string(t.id), Class: "standard"},
			Writer: w, Health: board,
		})
		if err != nil {
			return nil, err
		}
		p.tapes, p.lines = append(p.tapes, t), append(p.lines, l)
	}
	return p, nil
}

// start is where in the material line i begins, so that no two lines sound alike.
func start(sound []int16, i, lines int) int {
	block := format.Rate / 10 * format.Legs
	return len(sound) / block * i / lines * block
}

// Second takes every line one second on and commits, as a box does each second.
func (p *Path) Second() error {
	for range 10 {
		for _, l := range p.lines {
			if err := l.Step(); err != nil {
				return err
			}
		}
	}
	for _, l := range p.lines {
		l.Flush()
	}
	return p.Writer.Commit()
}

// End ends all calls and commits them.
func (p *Path) End() error {
	for i, l := range p.lines {
		p.tapes[i].ended = true
		for err := error(nil); err != io.EOF; {
			if err = l.Step(); err != nil && err != io.EOF {
				return err
			}
		}
		if err := l.Close(); err != nil {
			return err
		}
	}
	if err := p.Writer.Commit(); err != nil {
		return err
	}
	return p.Writer.Close()
}

// Bare is libopus alone on the same sound, leg by leg.
type Bare struct {
	sound []int16
	at    []int
	legs  [][]*opus.Bare
	pend  [][][]int16
	Bytes int
}

// NewBare makes the yardstick for a path of as many lines.
func NewBare(sound []int16, lines, complexity int) (*Bare, error) {
	b := &Bare{sound: sound}
	for i := range lines {
		var legs []*opus.Bare
		for range format.Legs {
			e, err := opus.NewBare(format.Rate, complexity)
			if err != nil {
				return nil, err
			}
			legs = append(legs, e)
		}
		b.at = append(b.at, start(sound, i, lines))
		b.legs = append(b.legs, legs)
		b.pend = append(b.pend, make([][]int16, format.Legs))
	}
	return b, nil
}

// Prepare takes the next second of sound apart, leg by leg, which libopus alone is not
// charged for.
func (b *Bare) Prepare() {
	n := format.Rate * format.Legs
	for i := range b.legs {
		if b.at[i]+n > len(b.sound) {
			b.at[i] = 0
		}
		for k, s := range b.sound[b.at[i] : b.at[i]+n] {
			b.pend[i][k%format.Legs] = append(b.pend[i][k%format.Legs], s)
		}
		b.at[i] += n
	}
}

// Second encodes the whole packets of what Prepare took apart.
func (b *Bare) Second() error {
	packet := int(format.Samples(opus.FrameLength))
	for i := range b.legs {
		for leg, e := range b.legs[i] {
			whole := len(b.pend[i][leg]) / packet * packet
			n, err := e.Encode(b.pend[i][leg][:whole])
			if err != nil {
				return err
			}
			b.Bytes += n
			b.pend[i][leg] = append(b.pend[i][leg][:0], b.pend[i][leg][whole:]...)
		}
	}
	return nil
}
