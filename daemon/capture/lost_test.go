package capture

import (
	"io"
	"testing"
	"time"

	"linevault/codec/codectest"
	"linevault/codec/pcm"
	"linevault/daemon/call"
	"linevault/hal"
	"linevault/storage"
)

// tape is a line whose blocks a test makes.
type tape struct {
	blocks []hal.Block
}

func (*tape) ID() pcm.LineID     { return "parking" }
func (*tape) Format() pcm.Format { return pcm.Format{Rate: rate, Legs: 1} }

func (l *tape) Read(b *hal.Block) error {
	if len(l.blocks) == 0 {
		return io.EOF
	}
	pcm := append(b.Frame.PCM[:0], l.blocks[0].Frame.PCM...) // into b's own memory, as cards do
	*b, l.blocks = l.blocks[0], l.blocks[1:]
	b.Frame.PCM = pcm
	return nil
}

// sound adds n samples of speech from where the tape has come to.
func (l *tape) sound(speech []int16, epoch pcm.Epoch, from, n pcm.Pos, signals ...hal.Signal) {
	l.blocks = append(l.blocks, hal.Block{
		Frame:    pcm.Frame{Epoch: epoch, Pos: from, Format: l.Format(), PCM: speech[from : from+n]},
		Captured: pcm.Mono(l.Format().Duration(from + n)), Signals: signals,
	})
}

// A card that vanishes ends its call, whose last words are kept; the next call is another one.
func TestCardLostInMidCall(t *testing.T) {
	b, src := newBench(t), &tape{}
	speech := codectest.Speech(t, 40*rate)
	for p := pcm.Pos(0); p < 5*rate; p += rate / 10 {
		var s []hal.Signal
		if p == 0 {
			s = append(s, hal.Signal{Kind: hal.LoopClosed})
		}
		src.sound(speech, 1, p, rate/10, s...)
	}
	src.blocks = append(src.blocks, hal.Block{
		Captured: pcm.Mono(6 * time.Second), Signals: []hal.Signal{{At: 5 * rate, Kind: hal.Lost, Data: []byte("plug it in")}},
	})
	for i := range 40 {
		src.blocks = append(src.blocks, hal.Block{Captured: pcm.Mono(6*time.Second) + pcm.Mono(i)*pcm.Mono(100*time.Millisecond)})
	}
	src.sound(speech, 2, 20*rate, rate/10, hal.Signal{At: 20 * rate, Kind: hal.Back}, hal.Signal{At: 20*rate + 100, Kind: hal.LoopClosed})
	for p := pcm.Pos(20*rate + rate/10); p < 24*rate; p += rate / 10 {
		src.sound(speech, 2, p, rate/10)
	}
	l := b.line(src, call.NewLoop(call.Defaults(src.Format())), usual)
	alarms := 0
	for err := error(nil); err != io.EOF; {
		if err = l.Step(); err != nil && err != io.EOF {
			t.Fatal(err)
		}
		alarms = max(alarms, len(b.board.Alarms()))
	}
	_, rows := b.stored()
	if len(rows) != 2 || rows[0].Why != storage.CardLost || rows[1].Why != storage.FileEnd {
		t.Fatalf("calls %+v", rows)
	}
	if rows[0].Length != 5*time.Second || len(rows[0].Gaps) != 0 {
		t.Errorf("the first call has %v and gaps %v: its last words are missing", rows[0].Length, rows[0].Gaps)
	}
	if alarms != 1 || len(b.board.Alarms()) != 0 {
		t.Errorf("%d alarm(s) while the card was lost, %v afterwards", alarms, b.board.Alarms())
	}
}

// Samples that the card lost are a gap in the call, which goes on.
func TestLostSamplesAreAGap(t *testing.T) {
	b, src := newBench(t), &tape{}
	speech := codectest.Speech(t, 20*rate)
	src.sound(speech, 1, 0, 2*rate)
	src.sound(speech, 2, 3*rate, 2*rate)
	_, rows := b.run(b.line(src, call.NewWhole(call.Defaults(src.Format())), usual))
	if len(rows) != 1 || len(rows[0].Gaps) != 1 {
		t.Fatalf("calls %+v", rows)
	}
	if g := rows[0].Gaps[0]; g.Cause != storage.Lost || g.Span != (pcm.Span{From: 2 * rate, To: 3 * rate}) {
		t.Errorf("gap %+v", g)
	}
}
