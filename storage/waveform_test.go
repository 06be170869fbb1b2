package storage_test

import (
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/storage"
	"linevault/storage/storagetest"
)

// A purge makes the waveform of what it takes zero, and leaves the rest of it as it was, to
// the value.
func TestPurgedWaveform(t *testing.T) {
	dir := storagetest.New(t)
	w := open(t, dir)
	talk := storagetest.NewTalk(telephone, 400, 5) // in the middle of a bin
	r, err := w.Begin(talk.Call(5))
	must(t, err)
	k := &kept{}
	next := int64(0)
	for i := range 8 * 16 {
		must(t, talk.Instant(k.into(r)))
		for ; pcm.Pos(next+1)*800 <= talk.Pos; next++ { // what is complete
			must(t, r.Peak(0, next, uint8(1+3*next)))
			must(t, r.Peak(1, next, uint8(255-3*next)))
		}
		if i%16 == 0 {
			must(t, r.Flush())
		}
	}
	must(t, talk.Break(k.into(r)))
	must(t, r.Finish(storage.End{At: talk.Pos, Why: storage.HungUp}))
	must(t, w.Close())
	s := openStore(t, dir, nil)
	before, first := waveform(t, s, r.ID())
	for leg, values := range before {
		for i, v := range values[:next] {
			put := int64(1 + 3*(first+int64(i)))
			if leg == 1 {
				put = 256 - put
			}
			if v == 0 || (put-int64(v))*(put-int64(v)) > 26*26 {
				t.Errorf("leg %d, bin %d: %d was put and %d is kept", leg, first+int64(i), put, v)
			}
		}
	}
	l, _ := book(t, dir)
	_, err = s.PurgeSpan(r.ID(), 2*time.Second, 4*time.Second, "supervisor ann", "card number spoken", l)
	must(t, err)
	after, again := waveform(t, s, r.ID())
	if again != first {
		t.Fatalf("it begins with bin %d, and did with %d", again, first)
	}
	// Packets are 60 ms, and one more goes at each end at most.
	more := telephone.Samples(60*time.Millisecond + 20*time.Millisecond)
	from, to := 400+telephone.Samples(2*time.Second), 400+telephone.Samples(4*time.Second)
	for leg, values := range after {
		for i, v := range values {
			at := pcm.Pos(first+int64(i)) * 800
			switch {
			case at+800 > from && at < to && v != 0:
				t.Errorf("leg %d, bin %d: a purged value is %d", leg, first+int64(i), v)
			case (at+800 <= from-more || at >= to+more) && v != before[leg][i]:
				t.Errorf("leg %d, bin %d: %d became %d", leg, first+int64(i), before[leg][i], v)
			}
		}
	}
}

func waveform(t *testing.T, s *storage.Store, id storage.CallID) ([][]uint8, int64) {
	t.Helper()
	p, err := s.Play(id)
	must(t, err)
	defer p.Close()
	peaks, first, err := p.Peaks()
	must(t, err)
	return peaks, first
}
