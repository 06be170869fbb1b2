package card

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"linevault/codec/pcm"
	"linevault/codec/wipe"
	"linevault/hal"
	"linevault/hal/pri/dahdi"
)

const (
	pace       = 50 * time.Millisecond // the longest wait: somewhat more than a block
	stallLimit = time.Second           // without sound, and a span counts as lost
	checkEvery = 500 * time.Millisecond
	firstWait  = 500 * time.Millisecond // before a span that failed is opened again
	lastWait   = 5 * time.Second
	// apart is by how much timeslots may differ that run by one clock: blocks fill at different times.
	// Where reading was held up between the two they differ by more, but only until the next reading.
	apart  = 3 * dahdi.Block
	steady = 5 // readings one after the other
)

// reader is the one goroutine of a card. It reads both spans, so that what it hears of one and of the
// other is in the order in which it came.
type reader struct {
	config Config
	ring   *ring
	spans  [2]*span // by side
	office *office
	born   pcm.Mono
	inStep bool // the timeslots of both spans began together
	uneven int  // readings, one after the other, that left some timeslots ahead
	slips  int
	again  [2]pcm.Mono
	wait   [2]time.Duration
	check  pcm.Mono
	told   map[string]string

	mu   sync.Mutex // guards seen
	seen Health
}

func newReader(c Config, g *ring, timeslots []int) *reader {
	r := &reader{config: c, ring: g, born: hal.Now(), told: map[string]string{}}
	for s, number := range [...]int{network: c.Network, user: c.User} {
		r.spans[s] = &span{side: side(s), number: number, device: c.Device, wanted: timeslots}
		r.wait[s] = firstWait
	}
	r.office = newOffice(g, timeslots, r.tell)
	r.office.over = func(o Over) { o.From, o.To = r.born+o.From, r.born+o.To; c.Over(o) }
	return r
}

// open opens both spans. The error is that of the first that cannot be.
func (r *reader) open() error {
	var first error
	for s := range r.spans {
		if err := r.try(side(s), hal.Now()); err != nil && first == nil {
			first = err
		}
	}
	return first
}

// try opens one span.
func (r *reader) try(which side, now pcm.Mono) error {
	s := r.spans[which]
	if err := s.open(); err != nil {
		s.fault = r.reason(s, err)
		r.again[which] = now + pcm.Mono(r.wait[which])
		r.wait[which] = min(2*r.wait[which], lastWait)
		return err
	}
	s.fault = r.deaf(s)
	r.inStep = false
	return nil
}

// run ends soon after ctx does.
func (r *reader) run(ctx context.Context) {
	// The driver's buffers last for 1.3 s; a thread of its own is not behind other goroutines.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer r.ring.close()
	defer r.close()
	for ctx.Err() == nil {
		wipe.Thread() // of the step before
		r.sleep(ctx)
		r.step()
	}
}

func (r *reader) close() {
	for _, s := range r.spans {
		s.close()
	}
}

// sleep waits until there may be something to read.
func (r *reader) sleep(ctx context.Context) {
	var watched []Channel
	for _, s := range r.spans {
		if s.isOpen() && s.fault == "" {
			watched = append(watched, s.signalling, s.sound[0])
		}
	}
	if len(watched) > 0 {
		err := r.config.Device.Wait(pace, watched)
		if err == nil {
			return
		}
	}
	select {
	case <-ctx.Done():
	case <-time.After(pace):
	}
}

// step does once what there is to do.
func (r *reader) step() {
	now := hal.Now()
	r.follow(now)
	for _, s := range r.spans {
		if s.isOpen() {
			if err := s.listen(now); err != nil {
				r.drop(s, err, now)
			}
		}
	}
	r.office.pass(time.Duration(now - r.born))
	r.look(now)
	reason := r.reasons()
	switch {
	case reason != "":
		r.inStep = false
		if r.ring.lose(reason, now) {
			r.office.lost()
		}
	case !r.inStep:
		r.align(now)
	default:
		r.deliver(hal.Now())
	}
	r.office.signal(r.born)
	r.publish()
}

// follow takes the frames that have come, of both D-channels in turn: nothing says in which order they
// came, and an answer should not be taken before what it answers.
func (r *reader) follow(now pcm.Mono) {
	for more := true; more; {
		more = false
		for _, s := range r.spans {
			if !s.isOpen() {
				continue
			}
			frame, err := s.next()
			if err != nil {
				r.drop(s, err, now)
			}
			if frame != nil {
				more = true
				r.office.feed(frame, s.side, time.Duration(now-r.born))
			}
		}
	}
}

// drop lets go of a span that failed, to open it again later. The other one is left alone.
func (r *reader) drop(s *span, err error, now pcm.Mono) {
	s.close()
	s.fault = r.reason(s, err)
	s.stats.Restarts++
	r.wait[s.side] = firstWait
	r.again[s.side] = now + pcm.Mono(firstWait)
}

// look opens spans again and asks how they are.
func (r *reader) look(now pcm.Mono) {
	due := now >= r.check
	if due {
		r.check = now + pcm.Mono(checkEvery)
	}
	for i, s := range r.spans {
		switch {
		case !s.isOpen():
			if now >= r.again[i] {
				_ = r.try(side(i), now) // kept as the span's fault
			}
		case due:
			r.ask(s, now)
		}
	}
	if due {
		r.office.notice(time.Duration(now - r.born))
	}
}

// ask takes a span's alarms and counters.
func (r *reader) ask(s *span, now pcm.Mono) {
	alarms, counters, gone, err := r.config.Device.State(s.number)
	if err != nil {
		if gone {
			r.drop(s, &dahdi.Fault{Text: fmt.Sprintf("span %d is gone", s.number), Hint: "load the card's driver again"}, now)
		}
		return
	}
	faults := counters.Errors() - s.stats.Counters.Errors()
	s.stats.Alarms, s.stats.Counters = alarms, counters
	if silent := time.Duration(now - s.heard); silent > stallLimit && s.fault == "" && !alarms.Deaf() {
		r.drop(s, &dahdi.Fault{
			Text: fmt.Sprintf("no sound for %v", silent.Round(100*time.Millisecond)), Hint: "check the card and its driver",
		}, now)
		return
	}
	was := s.fault
	s.fault = r.deaf(s)
	if was != "" && s.fault == "" {
		s.heard, r.inStep = now, false
	}
	about := fmt.Sprintf("span %d", s.number)
	switch {
	case alarms&dahdi.Yellow != 0:
		r.tell(about+" yellow", fmt.Sprintf("span %d (%s) carries a yellow alarm: its sender hears nothing; tell whoever looks after the line", s.number, s.side))
	default:
		r.tell(about+" yellow", "")
	}
	if faults > 0 {
		s.stats.faulty = now
		r.tell(about+" errors", fmt.Sprintf("span %d (%s) has errors of transmission; check the tap and its cable", s.number, s.side))
	} else if time.Duration(now-s.stats.faulty) > time.Minute {
		r.tell(about+" errors", "")
	}
}

// deaf is why an open span does not hear the line, or empty.
func (r *reader) deaf(s *span) string {
	if !s.stats.Alarms.Deaf() {
		return ""
	}
	return fmt.Sprintf("span %d (%s) has an alarm: %s; check the tap and its cable, and that the line is up", s.number, s.side, s.stats.Alarms)
}

// reason is err as a line signals it.
func (r *reader) reason(s *span, err error) string {
	return fmt.Sprintf("span %d (%s): %v", s.number, s.side, err)
}

// reasons is why there is no sound of both directions, or empty.
func (r *reader) reasons() string {
	a, b := r.spans[network].fault, r.spans[user].fault
	if a != "" && b != "" {
		return a + "; " + b
	}
	return a + b
}

// tell passes on a fact that is new.
func (r *reader) tell(about, fact string) {
	if r.told[about] != fact {
		r.told[about] = fact
		r.config.Tell(about, fact)
	}
}
