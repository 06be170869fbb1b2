package haltest

import (
	"strings"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
)

var format = pcm.Format{Rate: 8000, Legs: 2}

type silent struct{}

func (silent) ID() pcm.LineID        { return "silent" }
func (silent) Format() pcm.Format    { return format }
func (silent) Read(*hal.Block) error { return nil }

// block is a good one, but for what change does to it.
func block(e pcm.Epoch, p pcm.Pos, n int, change func(b *hal.Block)) *hal.Block {
	b := &hal.Block{
		Frame:    pcm.Frame{Epoch: e, Pos: p, Format: format, PCM: make([]int16, 2*n)},
		Captured: pcm.Mono(time.Second) + pcm.Mono(format.Duration(p+pcm.Pos(n))),
	}
	if change != nil {
		change(b)
	}
	return b
}

func signal(k hal.SignalKind, at pcm.Pos) func(b *hal.Block) {
	return func(b *hal.Block) { b.Signals = append(b.Signals, hal.Signal{Kind: k, At: at, Data: []byte("why")}) }
}

// Each promise that a block breaks is told; blocks that break none pass.
func TestChecker(t *testing.T) {
	for _, test := range []struct {
		name   string
		blocks []*hal.Block
		want   string
	}{
		{"good", []*hal.Block{
			block(1, 0, 0, nil), block(1, 0, 160, signal(hal.LoopClosed, 160)),
			block(1, 160, 160, signal(hal.Lost, 320)), block(1, 320, 0, nil),
			block(2, 900, 160, signal(hal.Back, 900)), block(3, 1060, 1600, signal(hal.LoopOpen, 1060)),
		}, ""},
		{"format", []*hal.Block{block(1, 0, 1, func(b *hal.Block) { b.Frame.Format.Rate = 16000 })}, "a block of format"},
		{"half an instant", []*hal.Block{block(1, 0, 1, func(b *hal.Block) { b.Frame.PCM = b.Frame.PCM[:1] })}, "1 samples for 2 legs"},
		{"too long", []*hal.Block{block(1, 0, 1601, nil)}, "at most 1600"},
		{"a hole", []*hal.Block{block(1, 0, 160, nil), block(1, 161, 1, nil)}, "does not follow on from 160"},
		{"twice", []*hal.Block{block(1, 0, 160, nil), block(1, 0, 160, nil)}, "does not follow on from 160"},
		{"epoch goes back", []*hal.Block{block(2, 0, 160, nil), block(1, 160, 1, nil)}, "epoch 1 after epoch 2"},
		{"epoch begins early", []*hal.Block{block(1, 0, 160, nil), block(2, 159, 1, nil)}, "before epoch 1 ended"},
		{"time goes back", []*hal.Block{block(1, 0, 160, nil), block(1, 160, 1, func(b *hal.Block) { b.Captured = 5 })}, "the block before it"},
		{"the future", []*hal.Block{block(1, 0, 1, func(b *hal.Block) { b.Captured = hal.Now() * 2 })}, "yet to come"},
		{"too early", []*hal.Block{
			block(1, 0, 1600, func(b *hal.Block) { b.Captured = pcm.Mono(time.Second + 10*time.Millisecond) }),
			block(1, 1600, 1600, func(b *hal.Block) { b.Captured = pcm.Mono(time.Second + 20*time.Millisecond) }),
		}, "samples captured within"},
		{"lost twice", []*hal.Block{block(1, 0, 1, signal(hal.Lost, 1)), block(1, 1, 0, signal(hal.Lost, 1))}, "lost twice"},
		{"lost for no reason", []*hal.Block{block(1, 0, 1, func(b *hal.Block) {
			b.Signals = []hal.Signal{{Kind: hal.Lost}}
		})}, "for no reason"},
		{"back from nowhere", []*hal.Block{block(1, 0, 1, signal(hal.Back, 0))}, "back from nowhere"},
		{"back in the same epoch", []*hal.Block{block(1, 0, 1, signal(hal.Lost, 1)), block(1, 1, 1, signal(hal.Back, 1))}, "in the epoch that it was lost in"},
		{"lost, and heard", []*hal.Block{block(1, 0, 1, signal(hal.Lost, 1)), block(2, 1, 1, nil)}, "audio from a card that is lost"},
		{"signal out of reach", []*hal.Block{block(1, 0, 160, signal(hal.LoopClosed, 161))}, "out of the block's reach"},
		{"signals out of order", []*hal.Block{block(1, 0, 160, func(b *hal.Block) {
			signal(hal.LoopClosed, 10)(b)
			signal(hal.Direction, 9)(b)
		})}, "not in order"},
		{"off hook twice", []*hal.Block{block(1, 0, 1, signal(hal.LoopClosed, 0)), block(1, 1, 1, signal(hal.LoopClosed, 1))}, "loop closed twice"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := NewChecker(silent{})
			c.Opened = pcm.Mono(time.Second)
			var err error
			for i, b := range test.blocks {
				if err != nil {
					t.Fatalf("block %d: %v", i-1, err)
				}
				err = c.Step(b)
			}
			if test.want == "" && err == nil {
				return
			}
			if err == nil || test.want == "" || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}
