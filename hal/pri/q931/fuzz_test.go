package q931

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"linevault/hal/pri/pcap"
	"linevault/hal/pri/q921"
)

// FuzzQ931 reads any octets with every function of a message: what parses encodes to the same.
func FuzzQ931(f *testing.F) {
	for _, b := range captured(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b)
		if err != nil {
			return
		}
		for _, id := range []ElementID{CallingNumber, CalledNumber, ConnectedNumber, RedirectingNumber, RedirectionNumber} {
			if n := m.Number(id); len(n.Digits) > MaxDigits {
				t.Fatalf("%d digits", len(n.Digits))
			}
		}
		if ch, ok := m.Channel(); ok && (ch.Slots&(1|1<<16) != 0 || ch.Slot() > 31) {
			t.Fatalf("timeslots %#x", ch.Slots)
		}
		m.Bearer()
		m.Cause()
		m.CallState()
		m.RestartClass()
		m.Notification()
		m.Inband()
		m.Keypad()
		m.Subaddress(CallingSubaddr)
		if len(m.Display()) > maxDisplay || len(m.Body) > MaxElements {
			t.Fatalf("%d characters, %d elements", len(m.Display()), len(m.Body))
		}
		n := 0
		for c := range m.Components() {
			c.LinkID()
			c.Redirecting()
			c.Target()
			n++
		}
		if n > maxComponents {
			t.Fatalf("%d components", n)
		}
		if plain := encode(m); !m.Cut && m.Dropped == 0 && !shifted(m, b) && !bytes.Equal(plain, b) {
			t.Fatalf("% x encodes to % x", b, plain)
		}
	})
}

// encode is Parse backwards for a message without shifts.
func encode(m Message) []byte {
	b := []byte{Discriminator, 2, byte(m.Ref >> 8), byte(m.Ref), byte(m.Type)}
	if m.Flag {
		b[2] |= 0x80
	}
	for _, e := range m.Body {
		if e.ID&singleOctetElement != 0 {
			b = append(b, e.Value[0])
			continue
		}
		b = append(append(b, byte(e.ID), byte(len(e.Value))), e.Value...)
	}
	return b
}

// shifted reports whether b cannot be rebuilt from m: it has shifts, or a reference of another length.
func shifted(m Message, b []byte) bool {
	n := 5
	for _, e := range m.Body {
		n++
		if e.ID&singleOctetElement == 0 {
			n += 1 + len(e.Value)
		}
	}
	return n != len(b) || b[1] != 2
}

// captured is the messages of the handed-out captures.
func captured(t testing.TB) (all [][]byte) {
	t.Helper()
	files, err := filepath.Glob("../testdata/*.net.pcap")
	if err != nil || len(files) == 0 {
		t.Fatalf("no captures: %v", err)
	}
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		r, err := pcap.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		for range 12 {
			p, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if f, err := q921.Parse(p.Data); err == nil && f.Kind == q921.I {
				all = append(all, bytes.Clone(f.Info))
			}
		}
	}
	return all
}
