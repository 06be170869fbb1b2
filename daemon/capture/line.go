// Package capture takes a line's blocks through detector, gate, encoder and recording. Each
// line has one owner at a time, which steps it; nothing here asks what time it is to decide
// what to keep.
package capture

import (
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"

	"linevault/codec/dsp"
	"linevault/codec/opus"
	"linevault/codec/pcm"
	"linevault/daemon/account"
	"linevault/daemon/call"
	"linevault/daemon/health"
	"linevault/daemon/link"
	"linevault/daemon/pause"
	"linevault/daemon/pause/keypad"
	"linevault/daemon/pause/standing"
	"linevault/daemon/watch"
	"linevault/hal"
	"linevault/storage"
)

// Setup is what a line is made of.
type Setup struct {
	Source     hal.Line
	Detector   call.Detector
	Lookback   time.Duration // how far back the detector's edges may lie
	Pause      pause.Policy
	PauseLimit time.Duration // after which a pause that named no limit is an alarm; 0 for never
	OnLimit    OnLimit
	Manual     time.Duration // how long a person may pause by hand; 0 for not at all
	Codes      keypad.Codes
	KeepKeypad bool // push-button digits stay in the recording; otherwise they are silenced
	Complexity int
	Call       storage.Call // what every call of this line begins with
	AtEnd      storage.EndReason
	Writer     *storage.Writer
	Standing   *standing.Book // where pauses outlast a crash; nil for nowhere
	Account    *account.Book  // where every call is written down as it begins; nil for nowhere
	Ear        *watch.Ear     // hears what is recorded, for faults of the line; nil for nobody
	Decide     Decide         // what rules make of a call; nil where there are none
	Health     *health.Board
	// Changed is told what the line does once that is something else, after its gate has
	// switched. It may not wait, and may be nil.
	Changed func(was, is *link.LineState)
	Space   *Space // how much room the disk has; nil for enough
	Wiring  link.Wiring
}

// Line is one line on its way from the card to the disk.
type Line struct {
	Setup
	clock *pcm.Timeline
	gate  *pause.Gate
	pad   *keypad.Pad
	enc   *opus.Encoder
	peaks *dsp.Peaks
	block hal.Block

	calls    []*span // found and not finished yet, in order
	marks    chan Mark
	signals  []hal.Signal // from contacts, for the next block
	limits   map[pause.Source]*limit
	asking   map[pause.Source]storage.Asked // who asks, and how the asking went
	payments []payment
	restored pcm.Mono // when pauses were that had stood; 0 for not, or not any more
	stands   []standing.Pause
	nameless map[string]pause.Source // who asked before the recorder was started again, by opaque name
	turn     uint64                  // of Standing, when it was told of stands
	ended    bool
	problem  string
	lostAt   time.Time
	levels   []float64
	newest   []float64 // levels of the last block
	dialled  bool      // digits sounded in the last block
	bitrate  int64     // of the encoder
	epoch    pcm.Epoch
	captured pcm.Mono // of the last block
	upto     pcm.Pos  // the end of the last audio
	signs    link.Signs
	state    atomic.Pointer[link.LineState]
}

// span is one call, or one part of it, as the detector found it.
type span struct {
	pcm.Span
	why   storage.EndReason // once it has ended
	begin pcm.Mono          // by the machine's clock
	end   pcm.Mono
	more  bool // it goes on in the next span
	first call.Edge
	rule  Verdict
	id    storage.CallID
	start time.Time
	clock storage.ClockState
	rec   *storage.Recording
	kept  pcm.Pos // everything of it before kept is recorded
	dead  bool    // its recording broke
	fault string  // why it did

	pauses []storage.Asked
}

// open is the end of a call that goes on.
const open = pcm.Pos(1<<63 - 1)

// NewLine makes a line of its parts. It owns nothing of s but what it makes itself: close it
// to free the encoder.
func NewLine(s Setup) (*Line, error) {
	f := s.Source.Format()
	enc, err := opus.NewEncoder(f)
	if err != nil {
		return nil, fmt.Errorf("line %s: %w", s.Source.ID(), err)
	}
	if err := enc.SetComplexity(s.Complexity); err != nil {
		return nil, fmt.Errorf("line %s: %w", s.Source.ID(), err)
	}
	s.Pause.HoldBack = max(s.Pause.HoldBack, keypad.Latency)
	if s.AtEnd == "" {
		s.AtEnd = storage.StoppedBox
	}
	l := &Line{
		Setup:  s,
		clock:  pcm.NewTimeline(f, hal.Now(), time.Now()),
		gate:   pause.NewGate(f, s.Pause),
		pad:    keypad.New(f, s.Codes),
		enc:    enc,
		peaks:  dsp.NewPeaks(f),
		marks:  make(chan Mark, 64),
		limits: map[pause.Source]*limit{}, nameless: map[string]pause.Source{},
		asking: map[pause.Source]storage.Asked{},
		levels: make([]float64, f.Legs), bitrate: opus.Bitrate,
		newest: make([]float64, f.Legs),
		signs:  link.Signs{Keyed: make([]uint64, f.Legs), Clipped: make([]uint64, f.Legs)},
	}
	// Room for the longest block from the start: one that had to grow would leave a copy behind.
	l.block.Frame.PCM = make([]int16, 0, int(f.Samples(hal.MaxBlock))*f.Legs)
	for leg := range l.levels {
		l.levels[leg], l.newest[leg] = dsp.Level(nil), dsp.Level(nil)
	}
	l.publish()
	return l, nil
}

// Close frees the encoder.
func (l *Line) Close() error { return l.enc.Close() }

// Step takes what the card has captured one step on. It returns io.EOF when the card is
// closed and nothing more waits.
func (l *Line) Step() error {
	if l.ended {
		return l.linger()
	}
	defer l.wipe()
	b := &l.block
	err := l.Source.Read(b)
	if err == io.EOF {
		l.ended = true
		return l.linger()
	}
	if err != nil {
		return fmt.Errorf("line %s: %w", l.Source.ID(), err)
	}
	l.captured = b.Captured
	if b.Frame.Len() > 0 {
		if b.Frame.Epoch != l.epoch {
			l.epoch = b.Frame.Epoch
			l.clock.Restart()
		}
		l.upto = b.Frame.Span().To
		l.clock.Observe(l.upto, b.Captured)
	}
	l.thrift()
	l.drain()
	l.outlive()
	l.listen(b.Frame)
	b.Signals = append(b.Signals, l.signals...)
	l.signals = l.signals[:0]
	l.heed(b)
	l.count(b)
	for _, e := range l.Detector.Step(b) {
		l.edge(e)
	}
	if b.Frame.Len() > 0 {
		err = l.gate.Push(b.Frame, l.emit)
	} else {
		err = l.gate.Advance(l.clock.PosAt(b.Captured), l.emit)
	}
	l.settle()
	l.judgePayments(nil)
	l.measure(b)
	l.publish()
	return err
}

// wipe clears the block, whole: what is needed of it is in the gate, which clears it, too. A
// detector keeps some of what it heard until it hears more, which it does not once the card is
// lost.
func (l *Line) wipe() {
	clear(l.block.Frame.PCM[:cap(l.block.Frame.PCM)])
	if l.problem != "" || l.ended {
		l.pad.Wipe()
	}
}

// heed takes note of a card that comes and goes.
func (l *Line) heed(b *hal.Block) {
	key := "card lost " + string(l.Source.ID())
	for _, s := range b.Signals {
		switch s.Kind {
		case hal.Lost:
			l.problem, l.lostAt = string(s.Data), time.Now()
			l.Health.Raise(key, l.Source.ID(), fmt.Sprintf("%s is not being recorded: %s", l.Call.Name, s.Data))
		case hal.Back:
			l.problem = ""
			l.Health.Clear(key)
		}
	}
}

// edge notes where a call begins or ends.
func (l *Line) edge(e call.Edge) {
	switch e.Kind {
	case call.Begin:
		l.setWall()
		from := max(e.At, l.gate.Left())
		if n := len(l.calls); n > 0 {
			from = max(from, l.calls[n-1].To)
		}
		s := &span{
			Span: pcm.Span{From: from, To: open}, kept: from, first: e, begin: l.machine(from),
			id: storage.NewCallID(l.clock.WallAt(from)), start: l.clock.WallAt(from), clock: clockState(),
		}
		l.decide(s)
		l.noteBegun(s)
		l.calls = append(l.calls, s)
		l.began(s)
	case call.End, call.Cut:
		if s := l.live(); s != nil {
			s.To, s.end, s.why = max(e.At, s.From), l.machine(e.At), storage.HungUp
			if e.Kind == call.Cut {
				s.why = storage.CardLost
			}
			l.restored = 0
			l.endPauses(e.At)
		}
	case call.Told:
		if s := l.live(); s != nil {
			s.first = e
			l.decide(s)
			l.update(s)
		}
	case call.Missed:
		l.missed(e)
	case call.Split:
		if s := l.live(); s != nil && e.At > s.From {
			s.To, s.end, s.why, s.more = e.At, l.machine(e.At), storage.Continued, true
			l.calls = append(l.calls, &span{
				Span: pcm.Span{From: e.At, To: open}, kept: e.At, first: s.first, rule: s.rule, begin: s.end,
				id: s.id, start: l.clock.WallAt(e.At), clock: clockState(), pauses: slices.Clone(s.pauses),
			})
		}
	}
}

// setWall takes the time of day anew where a call begins: it may have been set right since the
// last one. A replayed file has a clock of its own, which starts when it does.
func (l *Line) setWall() {
	at := now()
	if l.AtEnd == storage.FileEnd {
		at = l.captured
	}
	if len(l.calls) == 0 {
		l.clock.SetWall(at, time.Now())
	}
}

// live is the call that goes on at the card now, if there is one.
func (l *Line) live() *span {
	if n := len(l.calls); n > 0 && l.calls[n-1].To == open {
		return l.calls[n-1]
	}
	return nil
}

// machine is when p was captured by the machine's clock, judged by the last block alone, so
// that the two durations of a call stay independent of each other.
func (l *Line) machine(p pcm.Pos) pcm.Mono {
	return l.captured - pcm.Mono(l.Source.Format().Duration(l.upto-p))
}

// behind is how much audio in one read means that more is waiting.
func (l *Line) behind() pcm.Pos { return l.Source.Format().Samples(hal.MaxBlock) }
