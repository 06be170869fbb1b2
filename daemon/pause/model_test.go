package pause

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"linevault/codec/pcm"
)

// life is what a model of a line's pauses knows: who asks. A source asks from its pause to its
// resume or, if it is no contact, to the call's end.
type life map[Source]bool

// Sources, edges, calls and crashes in any order: the gate asks exactly when the model does,
// and no sample leaves while it does. After a crash a new gate is told who asked, as the
// recorder tells it from disk, and what contacts say is read anew.
func TestModelOfSourcesEdgesAndCrashes(t *testing.T) {
	p := Policy{HoldBack: 500 * time.Millisecond, GuardBefore: 100 * time.Millisecond, GuardAfter: 50 * time.Millisecond}
	sources := []Source{{Name: "terminal 1"}, {Name: "terminal 2"}, {Name: "keypad"}, {Name: "contact 1", Contact: true}, {Name: "contact 2", Contact: true}}
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1))
		g, asks := NewGate(mono, p), life{}
		var since []pcm.Pos // where the model began to ask, and ceased, in turns
		at, crashes := pcm.Pos(0), 0
		leaks := func(piece Piece) error {
			if piece.Gap {
				return nil
			}
			for i := 0; i < len(since); i += 2 {
				to := never
				if i+1 < len(since) {
					to = since[i+1]
				}
				if s := piece.Span.Intersect(pcm.Span{From: since[i], To: to}); !s.Empty() {
					t.Fatalf("seed %d: invariant 2 No leak: %v left, asked for %v, %d crashes", seed, s, since, crashes)
				}
			}
			return nil
		}
		told := func() {
			if asking := len(asks) > 0; asking != (len(since)%2 == 1) {
				since = append(since, at)
			}
		}
		for range 400 {
			src := sources[r.IntN(len(sources))]
			switch r.IntN(12) {
			case 0, 1:
				g.Pause(at, src, "")
				asks[src] = true
			case 2, 3:
				g.Resume(at, src)
				delete(asks, src)
			case 4:
				g.EndCall(at)
				for s := range asks {
					if !s.Contact {
						delete(asks, s)
					}
				}
			case 5:
				if r.IntN(10) > 0 {
					break
				}
				crashes++
				g = NewGate(mono, p)
				for s := range asks {
					g.Pause(0, s, "paused when the recorder ended")
				}
			default:
				n := pcm.Pos(1 + r.IntN(800))
				if err := g.Push(ramp(at, n, 1), leaks); err != nil {
					t.Fatal(err)
				}
				at += n
			}
			told()
			for _, s := range sources {
				if asks[s] != slices.Contains(g.Asking(), s) {
					t.Fatalf("seed %d: %v asks: %v, and the gate has %v", seed, s, asks[s], g.Asking())
				}
			}
		}
		if err := g.Drain(leaks); err != nil {
			t.Fatal(err)
		}
	}
}
