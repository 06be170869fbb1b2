package cardtest

import (
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"linevault/hal/pri/pcap"
	"linevault/hal/pri/q921"
)

// Speak plays the capture in a file on the D-channels of two spans, several times faster than it was, and
// returns when all of it was fed.
func (b *Board) Speak(t *testing.T, file string, networkSpan, userSpan int) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	r, err := pcap.NewReader(f)
	if err != nil {
		t.Error(err)
		return
	}
	const faster, pseudoHeader = 3, 16
	var first time.Time
	began := time.Now()
	for {
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
		if first.IsZero() {
			first = p.At
		}
		time.Sleep(time.Until(began.Add(p.At.Sub(first) / faster)))
		frame := append([]byte(nil), p.Data[pseudoHeader:]...)
		span := networkSpan
		if q, err := q921.Parse(frame); err == nil && q.Sender() == q921.User {
			span = userSpan
		}
		b.Feed(span, frame)
	}
}
