package pri

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linevault/hal/pri/q921"
)

// TestDecodeErrors names the file and the byte.
func TestDecodeErrors(t *testing.T) {
	dir := t.TempDir()
	save := func(name string, b []byte) string {
		t.Helper()
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	good, err := os.ReadFile("testdata/answered_in.pcap")
	if err != nil {
		t.Fatal(err)
	}
	ether := bytes.Clone(good)
	binary.LittleEndian.PutUint32(ether[20:], 1)
	short := bytes.Clone(good)
	binary.LittleEndian.PutUint32(short[32:], 3)
	for name, c := range map[string]struct {
		files []string
		says  string
	}{
		"none":       {nil, "0 captures given"},
		"three":      {[]string{"a", "b", "c"}, "3 captures given"},
		"missing":    {[]string{filepath.Join(dir, "none.pcap")}, "no such file"},
		"text":       {[]string{save("text", []byte("not a capture"))}, "text: byte 0: no capture begins with"},
		"ethernet":   {[]string{save("ether", ether)}, "ether: byte 24: link type 1 is no D channel; capture with link type 177 or 203"},
		"cut header": {[]string{save("short", short)}, "short: byte 24: pseudo header cut off"},
		"cut file":   {[]string{save("cut", good[:len(good)-5])}, "cut: byte 795: the file is cut off here"},
	} {
		var out bytes.Buffer
		err := Decoder{Out: &out, Notes: io.Discard, JSON: true}.Decode(c.files...)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		if printed := strings.Contains(out.String(), "1632960001"); printed != (name == "cut file") {
			t.Errorf("%s printed %q", name, out.String())
		}
	}
}

// TestDecodeCheckSequences reads frames as DAHDI delivers them, with their check sequence.
func TestDecodeCheckSequences(t *testing.T) {
	frames := load(t, "glare")
	for i := range frames {
		frames[i].data = appendFCS(frames[i].data)
	}
	file := filepath.Join(t.TempDir(), "fcs.pcap")
	write(t, file, linkLinux, frames)
	got, notes := decode(t, file)
	compare(t, got, expect(t, "testdata/glare.truth.jsonl"), tolerance("glare"))
	if notes != "" {
		t.Errorf("notes %q", notes)
	}
}

// appendFCS finds the two octets that make the check sequence good.
func appendFCS(b []byte) []byte {
	for n := range 1 << 16 {
		if c := append(bytes.Clone(b), byte(n), byte(n>>8)); good(c) {
			return c
		}
	}
	return b
}

func good(b []byte) bool {
	_, ok := q921.CheckFCS(b)
	return ok
}

// TestSwappedMerged has a merged capture whose writer had the sides wrong.
func TestSwappedMerged(t *testing.T) {
	frames := load(t, "answered_in")
	for i := range frames {
		frames[i].from = frames[i].from.Other()
	}
	file := filepath.Join(t.TempDir(), "wrong.pcap")
	write(t, file, linkLinux, frames)
	got, notes := decode(t, file)
	compare(t, got, expect(t, "testdata/answered_in.truth.jsonl"), tolerance("answered_in"))
	if !strings.Contains(notes, "the directions in "+file+" are the wrong way round") {
		t.Errorf("notes %q", notes)
	}
}

// TestMissedIsSaid counts a frame that the capture lacks.
func TestMissedIsSaid(t *testing.T) {
	frames := load(t, "answered_in")
	file := filepath.Join(t.TempDir(), "hole.pcap")
	write(t, file, linkLinux, append(frames[:6:6], frames[7:]...))
	if _, notes := decode(t, file); !strings.Contains(notes, "not in the capture: 1") {
		t.Errorf("notes %q", notes)
	}
}
