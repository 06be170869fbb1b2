package torture

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"linevault/codec"
	"linevault/codec/pcm"
	"linevault/storage"
)

// class is the retention class of all that is recorded here.
const class = "standard"

var telephone = pcm.Format{Rate: 8000, Legs: 2}

// Plan is what a recorder is to do. The same plan does the same, ids and keys aside.
type Plan struct {
	Lines   int
	Seconds int // of each line, a commit a second; 0 is until it is killed
	Seed    uint64
	Segment int64 // its segments are full at this size
}

// Record makes a store in dir where there is none and records by the plan. After each commit it
// says on out what is acknowledged, and "done" at the end. What goes wrong with the disk it
// says and lives with, as the daemon does: a start that fails is tried again.
func Record(dir string, p Plan, out io.Writer) error {
	b := bufio.NewWriter(out)
	r := recorder{plan: p, out: b, rnd: rand.New(rand.NewPCG(p.Seed, 7))}
	if err := again(func() error { return storage.Create(dir, []string{class}) }, r.problem); err != nil {
		return err
	}
	err := again(func() (err error) {
		r.w, err = storage.OpenWriter(dir, storage.WriterOptions{MaxSegment: p.Segment, OnProblem: r.problem})
		return err
	}, r.problem)
	if err != nil {
		return err
	}
	for range p.Lines {
		r.lines = append(r.lines, &line{w: r.w, rnd: r.rnd})
	}
	for n := 0; n < p.Seconds || p.Seconds == 0; n++ {
		for _, l := range r.lines {
			if err := l.step(); err != nil {
				return err
			}
		}
		if err := r.commit(); err != nil {
			return err
		}
	}
	return r.end()
}

// tries is how often the daemon would start a process again at once, and more than a fault lasts.
const tries = 60

func again(f func() error, problem func(error)) error {
	var err error
	for range tries {
		if err = f(); err == nil {
			return nil
		}
		problem(err)
	}
	return err
}

type recorder struct {
	plan  Plan
	out   *bufio.Writer
	rnd   *rand.Rand
	w     *storage.Writer
	lines []*line
}

func (r *recorder) problem(err error) {
	fmt.Fprintf(r.out, "problem %s\n", strings.ReplaceAll(err.Error(), "\n", " / "))
}

// commit says what is acknowledged now; after an error nothing is.
func (r *recorder) commit() error {
	if r.w.Commit() == nil {
		for _, l := range r.lines {
			for _, said := range l.said {
				fmt.Fprintln(r.out, said)
			}
			l.said = l.said[:0]
		}
	}
	return r.out.Flush()
}

// end finishes all calls and closes the store.
func (r *recorder) end() error {
	for _, l := range r.lines {
		if l.r == nil {
			continue
		}
		if err := l.finish(); err != nil {
			return err
		}
	}
	for range tries {
		if err := r.commit(); err != nil {
			return err
		}
		if n, _ := r.w.Pending(); n == 0 {
			break
		}
	}
	if err := r.w.Close(); err != nil {
		r.problem(err)
	}
	fmt.Fprintln(r.out, "done")
	return r.out.Flush()
}

// line is a line with its calls, one after the other.
type line struct {
	w    *storage.Writer
	rnd  *rand.Rand
	now  func() time.Time // nil is the right time
	r    *storage.Recording
	pos  pcm.Pos
	said []string
}

// step records about a second, or ends the call.
func (l *line) step() error {
	if l.r == nil {
		if err := l.begin(); err != nil {
			return err
		}
	}
	switch l.rnd.IntN(8) {
	case 0:
		g := storage.Gap{Span: pcm.Span{From: l.pos, To: l.pos + 8000}, Cause: storage.Paused, By: "terminal 1"}
		l.pos = g.Span.To
		if err := l.r.Gap(g); err != nil {
			return err
		}
	case 1:
		return l.finish()
	default:
		if err := l.second(); err != nil {
			return err
		}
	}
	return l.flush()
}

func (l *line) begin() (err error) {
	now := time.Now()
	if l.now != nil {
		now = l.now()
	}
	l.r, err = l.w.Begin(storage.Call{
		ID: storage.NewCallID(now), Line: "line", Class: class, Format: telephone, Start: now, From: l.pos,
	})
	return err
}

func (l *line) second() error {
	for range 16 {
		span := pcm.Span{From: l.pos, To: l.pos + 480}
		for leg := range telephone.Legs {
			err := l.r.Packet(codec.Packet{Leg: pcm.Leg(leg), Span: span, Data: packet(l.r.ID(), pcm.Leg(leg), l.pos)})
			if err != nil {
				return err
			}
		}
		l.pos = span.To
	}
	return nil
}

func (l *line) flush() error {
	l.said = append(l.said, fmt.Sprintf("kept %s %d", l.r.ID(), l.pos))
	return l.r.Flush()
}

func (l *line) finish() error {
	l.said = append(l.said, fmt.Sprintf("ended %s %d", l.r.ID(), l.pos))
	err := l.r.Finish(storage.End{At: l.pos, Why: storage.HungUp})
	l.r = nil
	return err
}

// packet is what is recorded at a place: it says where it belongs, so that it is known again. It
// is as long as 60 ms at 16 kbit/s.
func packet(id storage.CallID, leg pcm.Leg, pos pcm.Pos) []byte {
	return []byte("\x18" + strings.Repeat(fmt.Sprintf("%s %d %d ", id, leg, pos), 3))
}
