package storage

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"linevault/codec"
	"linevault/codec/pcm"
	"linevault/storage/seal"
	"linevault/storage/segment"
)

// Named so that no bare bool stands where boxes are sealed.
const (
	notLast = false
	last    = true
)

// boxLength seals a box of its own accord; Flush does so earlier.
const boxLength = 1250 * time.Millisecond

// maxContent bounds a box that many tiny packets fill.
const maxContent = 1 << 20

// maxBoxes is where a part must end and the next begin: 36 hours of seconds, so that random
// nonces under one key stay far from meeting.
const maxBoxes = 1 << 17

// backlogReason is the reason of a gap that the disk caused.
const backlogReason = "the disk did not keep up"

// Recording is one part of a call being written. It belongs to one goroutine.
type Recording struct {
	w      *Writer
	part   *part
	key    *seal.Key
	call   Call
	number int // of the part in the call
	b      builder
	box    uint64
	before [32]byte
	index  index
	late   []Gap
	sound  pcm.Pos // samples in packets
	opus   int64   // bytes of them
	inBox  int64
	end    End
	ended  bool
	// Segments made so far, and whether to say in the next box what the call is: because it is
	// in another segment, or because that has changed. A final box says it anyway.
	rolls   uint64
	restate bool
	changed bool
}

// ID is the call's.
func (r *Recording) ID() CallID { return r.call.ID }

// Packet adds one leg's packet, and copies it. Packets and gaps must follow on exactly, all
// legs in step; anything else is a bug of the caller, and an error.
func (r *Recording) Packet(p codec.Packet) error {
	if r.ended {
		return r.fail(errEnded)
	}
	if err := r.b.packet(p); err != nil {
		return r.fail(err)
	}
	r.inBox += int64(len(p.Data))
	if r.b.legs == 0 && (r.b.pos-r.b.from >= r.call.Format.Samples(boxLength) || len(r.b.plain) > maxContent) {
		return r.Flush()
	}
	return nil
}

// Gap adds a stretch that is not kept. Touching gaps of one cause and By become one.
func (r *Recording) Gap(g Gap) error {
	if r.ended {
		return r.fail(errEnded)
	}
	if err := r.b.putGap(g); err != nil {
		return r.fail(err)
	}
	return nil
}

// Peak adds a value of the waveform; see dsp.Peaks for bin. One of 16 heights is kept, the
// nearest: zero stays zero, and what is not zero does not become it.
func (r *Recording) Peak(leg pcm.Leg, bin int64, v uint8) error {
	if r.ended || int(leg) >= r.call.Format.Legs {
		return r.fail(fmt.Errorf("peak of leg %d", leg))
	}
	r.b.peak(leg, bin, v)
	return nil
}

// Update notes what is now known of the call.
func (r *Recording) Update(c Call) error {
	if r.ended || c.ID != r.call.ID || c.Format != r.call.Format || c.Class != r.call.Class {
		return r.fail(errors.New("an update may not change the call's id, format or class"))
	}
	c.From, c.Start = r.call.From, r.call.Start
	r.call = c
	r.changed = true
	return nil
}

// Late notes that s was to be paused and had already been kept: it will never be played.
func (r *Recording) Late(s pcm.Span, by, reason string) error {
	if r.ended {
		return r.fail(errEnded)
	}
	r.withhold(Gap{Span: s, Cause: Withheld, By: by, Reason: reason})
	return nil
}

// Quarantine notes that s may hold card data: it is not played unless somebody releases it.
func (r *Recording) Quarantine(s pcm.Span, by, reason string) error {
	if r.ended {
		return r.fail(errEnded)
	}
	r.withhold(Gap{Span: s, Cause: Quarantined, By: by, Reason: reason})
	return nil
}

func (r *Recording) withhold(g Gap) {
	r.late = append(r.late, g)
	r.b.late(g)
}

var errEnded = errors.New("it has ended")

func (r *Recording) fail(err error) error { return fmt.Errorf("call %s: %w", r.call.ID, err) }

// Flush seals what is pending into one box and queues it. With nothing pending, or in the
// middle of an instant, it does nothing.
func (r *Recording) Flush() error {
	if r.ended || r.b.legs != 0 || (r.b.empty() && !r.changed) {
		return nil
	}
	return r.seal(seal.Sound, notLast)
}

// Next ends this part and begins the call's next one, under a new key, at the same position.
func (r *Recording) Next(at pcm.Pos, c Call) (*Recording, error) {
	err := r.Finish(End{At: at, Why: Continued})
	c.From = r.b.pos
	next, err2 := r.w.begin(header{Call: c, Number: r.number + 1, Before: r.part.id.String()})
	return next, errors.Join(err, err2)
}

// Finish writes the part's end. It says so if e.At is not where packets and gaps end, which
// is a bug of the caller; the part is ended all the same, there.
func (r *Recording) Finish(e End) error {
	if r.ended {
		return r.fail(errEnded)
	}
	var wrong error
	if r.b.legs != 0 || e.At != r.b.pos {
		wrong = r.fail(fmt.Errorf("the end is at %d and packets and gaps reach %d", e.At, r.b.pos))
	}
	e.At = r.b.pos
	r.end = e
	err := r.seal(seal.Final, last)
	r.ended = true
	r.key.Forget()
	return errors.Join(wrong, err)
}

// seal makes a box of what is pending and hands it to the writer. Where too much waits for
// the disk already, the sound becomes a gap instead and waits, which takes no memory.
func (r *Recording) seal(kind seal.Kind, isLast bool) error {
	if r.box >= maxBoxes && !isLast {
		return r.fail(errors.New("the part has too many boxes: Next must begin another"))
	}
	if kind != seal.Header {
		if why := r.w.room(len(r.b.plain)); why != "" {
			r.drop(why)
			if !isLast {
				return nil
			}
		}
	}
	if (r.restate || r.changed) && kind == seal.Sound {
		if err := r.b.call(r.call); err != nil {
			return r.fail(err)
		}
		r.restate, r.changed = false, false
	}
	r.b.closeGap()
	r.b.closeRun()
	r.index.add(int(r.box), r.b.runs)
	for i := range r.b.runs {
		if run := &r.b.runs[i]; run.Gap == nil {
			r.sound += run.Span.Len()
		}
	}
	r.opus += r.inBox
	r.inBox = 0
	if kind == seal.Final {
		f := final{
			End: r.end, From: r.call.From, Number: r.number, Call: r.call, Late: r.late,
			Recorded: r.sound, Payload: r.opus,
		}
		var err error
		if r.b.tail, err = appendFinal(r.b.tail, &f, &r.index); err != nil {
			return r.fail(err)
		}
	}
	return r.put(kind, isLast, r.b.finish())
}

// put seals content as the part's next box and queues it.
func (r *Recording) put(kind seal.Kind, isLast bool, content []byte) error {
	at := seal.Place{Part: r.part.id, Box: r.box, Kind: kind, Last: isLast, Before: r.before}
	data := r.key.Seal(r.w.buffer(len(content)+seal.Overhead), at, content)
	r.before = seal.Hash(data)
	head := segment.Head{Box: r.box, Kind: kind, Last: isLast}
	rolls, err := r.w.enqueue(queued{part: r.part, head: head, data: data})
	if err != nil {
		return r.fail(err)
	}
	r.restate = r.restate || (r.box > 0 && rolls != r.rolls)
	r.rolls = rolls
	r.box++
	r.b.reset(r.b.pos)
	return nil
}

// drop turns the sound that is pending into a gap, keeping the gaps that it has and what is
// known of the call.
func (r *Recording) drop(why string) {
	r.b.closeGap()
	r.b.closeRun()
	runs := slices.Clone(r.b.runs)
	r.b.reset(r.b.from)
	r.inBox = 0
	for _, run := range runs {
		g := Gap{Span: run.Span, Cause: Lost, Reason: why}
		if run.Gap != nil {
			g = *run.Gap
		}
		// They follow each other as they did: none can be refused.
		_ = r.b.putGap(g)
	}
}
