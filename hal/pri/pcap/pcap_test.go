package pcap

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

func read(t testing.TB, b []byte) (all []Packet, err error) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	for {
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return all, err
		}
		p.Data = bytes.Clone(p.Data)
		all = append(all, p)
	}
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("../testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestFormats reads the same capture in each format; the others were made by Wireshark's editcap.
func TestFormats(t *testing.T) {
	for name, other := range map[string]string{"answered_in.pcap": "answered_in.pcapng", "glare.pcap": "glare.nsec.pcap"} {
		want, err := read(t, file(t, name))
		if err != nil || len(want) < 19 {
			t.Fatalf("%d packets, %v", len(want), err)
		}
		for form, b := range map[string][]byte{other: file(t, other), "big endian": bigEndian(file(t, name))} {
			got, err := read(t, b)
			if err != nil || len(got) != len(want) {
				t.Fatalf("%s: %d packets, not %d: %v", form, len(got), len(want), err)
			}
			for i := range got {
				g, w := got[i].Data, want[i].Data // editcap clears a field of the pseudo header
				if !got[i].At.Equal(want[i].At) || got[i].Link != LinuxLAPD || !bytes.Equal(g[:2], w[:2]) || !bytes.Equal(g[6:], w[6:]) {
					t.Fatalf("%s, packet %d: %+v, not %+v", form, i, got[i], want[i])
				}
			}
		}
	}
}

// bigEndian turns a classic capture's headers round.
func bigEndian(b []byte) []byte {
	b = bytes.Clone(b)
	swap := func(off, n int) {
		for i, j := off, off+n-1; i < j; i, j = i+1, j-1 {
			b[i], b[j] = b[j], b[i]
		}
	}
	for _, field := range [][2]int{{0, 4}, {4, 2}, {6, 2}, {8, 4}, {12, 4}, {16, 4}, {20, 4}} {
		swap(field[0], field[1])
	}
	for at := classicHead; at < len(b); {
		n := int(binary.LittleEndian.Uint32(b[at+8:]))
		for i := range 4 {
			swap(at+4*i, 4)
		}
		at += recordHead + n
	}
	return b
}

func TestErrors(t *testing.T) {
	classic, ng := file(t, "answered_in.pcap"), file(t, "answered_in.pcapng")
	hostile := bytes.Clone(classic)
	binary.LittleEndian.PutUint32(hostile[classicHead+8:], 1<<31)
	for name, c := range map[string]struct {
		b    []byte
		says string
	}{
		"empty":                   {nil, "byte 0: too short"},
		"text":                    {[]byte("hello world"), "byte 0: no capture begins with 68 65 6c 6c"},
		"header cut":              {classic[:20], "byte 0: the file is cut off here"},
		"record cut":              {classic[:classicHead+7], "byte 24: the file is cut off here"},
		"packet cut":              {classic[:classicHead+recordHead+3], "byte 40: the file is cut off here"},
		"packet gone":             {classic[:classicHead+recordHead], "byte 40: the file is cut off here"},
		"huge":                    {hostile, "byte 24: a packet of 2147483648 bytes is not believed"},
		"pcapng cut":              {ng[:len(ng)-3], "the file is cut off here"},
		"pcapng of a bare header": {ng[:12], "is cut off here"},
	} {
		if _, err := read(t, c.b); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzPcap reads any octets; nothing is longer than it may be, and reading ends.
func FuzzPcap(f *testing.F) {
	for _, name := range []string{"answered_in.pcap", "answered_in.pcapng", "glare.nsec.pcap", "busy.net.pcap"} {
		f.Add(file(f, name))
	}
	f.Add(bigEndian(file(f, "busy.pcap")))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := read(t, b)
		total := 0
		for _, p := range all {
			total += len(p.Data)
		}
		if total > len(b) || errors.Is(err, io.EOF) {
			t.Fatalf("%d octets of packets in %d, %v", total, len(b), err)
		}
	})
}
