package gpio

import (
	"testing"
	"time"

	"linevault/codec/pcm"
)

// FuzzDebounce: whatever a pin does, a contact that is closed is known to be, reports
// alternate, and an opening is never dated before the last time that the contact was closed.
func FuzzDebounce(f *testing.F) {
	f.Add([]byte{10, 1, 200, 0})
	f.Add([]byte{10, 1, 2, 0, 3, 1, 200, 0, 49, 1, 50, 0, 51, 1})
	f.Add([]byte{10, 1, 200, 0, 4, 1, 5, 0, 200, 0, 200, 0})
	f.Add([]byte{255, 2, 255, 3, 1, 1, 1, 0})
	f.Fuzz(func(t *testing.T, moves []byte) {
		d := debounce{quiet: DefaultDebounce}
		now, lastClosed := pcm.Mono(0), pcm.Mono(-1)
		reported := d.begin(false, now).Closed
		closed := false
		step := func(m move) {
			m.at = now
			e, is := d.step(m, closed)
			if is && e.Closed == reported && !m.came {
				t.Fatalf("%+v was reported twice", e)
			}
			if is {
				reported = e.Closed
			}
			if closed && !reported {
				t.Fatalf("at %v the contact is closed, and not known to be", now)
			}
			if is && !e.Closed && (e.At <= lastClosed || now-e.At < pcm.Mono(DefaultDebounce)) {
				t.Fatalf("at %v, open since %v, and it was closed at %v", now, e.At, lastClosed)
			}
		}
		for i := 0; i+1 < len(moves); i += 2 {
			// Bit 0 is the level, bit 1 an edge that the kernel lost.
			for until := now + pcm.Mono(moves[i])*pcm.Mono(time.Millisecond); now < until; {
				wait := pcm.Mono(look)
				if left, opens := d.left(now); opens {
					wait = max(pcm.Mono(left), 1)
				}
				if now+wait >= until {
					now = until
					break
				}
				now += wait
				step(move{})
			}
			now++
			if closed {
				lastClosed = now - 1
			}
			if closed = moves[i+1]&1 == 1; closed {
				lastClosed = now
			}
			if moves[i+1]&2 == 0 {
				step(move{came: true})
			} else {
				step(move{lost: 1})
			}
		}
	})
}
