package demo

import (
	"context"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"linevault/codec/pcm"
)

// Payment is a stretch of a call in which a card is read out, in seconds from its beginning.
type Payment struct {
	Begins float64 `json:"begins"`
	Ends   float64 `json:"ends"`
}

// heldGain is what is left of the council's leg while the caller is held: 12 dB less noise,
// since the officer's set is no longer on the line.
const heldGain = 0.25

// take is a call as it is being laid out in time.
type take struct {
	legs     [pcm.MaxLegs]sound
	held     []pcm.Span // the council's leg is cut off from the line
	payments []Payment
	now      int // sample at which the next step begins
	r        *rand.Rand
}

// perform speaks and mixes s. The same script gives the same samples each time.
func perform(ctx context.Context, s *Script) (*take, error) {
	seed := fnv.New64a()
	seed.Write([]byte(s.Name)) // a hash never fails to write
	t := &take{r: rand.New(rand.NewPCG(seed.Sum64(), 0))}
	t.now = samples(300 * time.Millisecond)
	for _, step := range s.Steps {
		if err := t.step(ctx, s, step); err != nil {
			return nil, err
		}
	}
	t.now = max(t.now, len(t.legs[pcm.Near]), len(t.legs[pcm.Far])) + samples(600*time.Millisecond)
	for leg := range t.legs {
		t.legs[leg].add(t.now, nil)
		t.legs[leg].add(0, s.Party[leg].line(t.now, t.r))
	}
	for _, span := range t.held {
		for i := span.From; i < span.To; i++ {
			t.legs[pcm.Near][i] *= heldGain
		}
	}
	return t, nil
}

func (t *take) step(ctx context.Context, s *Script, step Step) error {
	switch step.Do {
	case Say:
		speech, err := s.Party[step.Leg].speak(ctx, step.Text)
		if err != nil {
			return err
		}
		t.put(step.Leg, speech)
		// People leave a quarter to half a second between turns.
		t.now += samples(250*time.Millisecond) + t.r.IntN(samples(250*time.Millisecond))
	case Wait:
		t.now = max(0, t.now+samples(step.For))
	case Hold:
		from := t.now
		t.now += samples(step.For)
		t.held = append(t.held, pcm.Span{From: pcm.Pos(from), To: pcm.Pos(t.now)})
	case Ring:
		for range step.Count {
			t.put(step.Leg, ringing())
		}
		t.now -= t.r.IntN(samples(1500 * time.Millisecond)) // answered in the silence after a ring
	case Keys:
		t.put(step.Leg, pressed(step.Text))
	case PaymentBegins:
		t.payments = append(t.payments, Payment{Begins: float64(t.now) / rate})
	case PaymentEnds:
		t.payments[len(t.payments)-1].Ends = float64(t.now) / rate
	}
	return nil
}

// put mixes a sound into a leg now, and time goes on to its end.
func (t *take) put(leg pcm.Leg, s sound) {
	t.legs[leg].add(t.now, s)
	t.now += len(s)
}

// interleaved is the call as a frame has it.
func (t *take) interleaved() []int16 {
	out := make([]int16, 0, t.now*pcm.MaxLegs)
	for i := range t.now {
		for _, leg := range t.legs {
			out = append(out, sample(leg[i]))
		}
	}
	return out
}

func samples(d time.Duration) int { return int(format.Samples(d)) }
