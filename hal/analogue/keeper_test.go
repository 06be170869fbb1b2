package analogue

import (
	"errors"
	"os"
	"testing"
	"time"
)

// Time that ran out before the watchdog had a look at the pipe was not the card's.
func TestWatchdogLooksOnceMore(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	if _, err := w.WriteString("audio"); err != nil {
		t.Fatal(err)
	}
	d := watchdog{pipe: r, limit: -time.Second}
	b := make([]byte, 10)
	if n, err := d.Read(b); string(b[:n]) != "audio" || err != nil {
		t.Errorf("%q, %v, want what is in the pipe", b[:n], err)
	}
	if _, err := d.Read(b); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("an empty pipe: %v", err)
	}
}
