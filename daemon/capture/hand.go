package capture

import (
	"context"
	"strings"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/link"
	"linevault/daemon/pause"
)

const (
	// byHand is how long a line may take to confirm what a person asked for.
	byHand = 2 * time.Second
	// handAgo is how long ago a person may have asked: the desk may have been busy.
	handAgo = pcm.Mono(10 * time.Second)
	// maxHandReason is the most bytes of a person's reason.
	maxHandReason = 200
)

// Hand does what a person asks for by hand, where the line permits that. It returns once the
// gate has switched, or with the reason why nothing was done.
func (r *Recorder) Hand(ctx context.Context, h link.Hand) link.Switched {
	s, err := r.State(h.Line)
	switch {
	case err != nil:
		return link.Switched{Refused: link.NoSuchLine}
	case s.ManualLimit == 0 && !h.Resume:
		return link.Switched{Refused: link.NotByHand}
	case pause.HoldsCard(h.Reason):
		return link.Switched{Refused: link.CardNumber}
	}
	at := min(max(h.At, now()-handAgo), now())
	m := Mark{At: at, Do: Resume, Source: pause.Source{Name: h.Source}}
	if !h.Resume {
		m.Do, m.Until, m.Once = Pause, at+pcm.Mono(s.ManualLimit), true
		m.Reason = strings.ToValidUTF8(h.Reason[:min(len(h.Reason), maxHandReason)], "")
	}
	ctx, cancel := context.WithTimeout(ctx, byHand)
	defer cancel()
	a, err := r.Mark(ctx, h.Line, m)
	done := link.Switched{State: a.State, Call: a.Call, At: a.At, Late: a.Late, PausedBy: a.PausedBy, LimitAt: a.LimitAt}
	switch {
	case err != nil:
		return link.Switched{Refused: link.Unconfirmed}
	case a.Idle:
		done.Refused = link.NothingToDo
	case a.Already:
		done.Refused = link.AlreadyPaused
	case a.Unasked:
		done.Refused = link.NotYours
	}
	return done
}
