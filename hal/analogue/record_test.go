package analogue

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"testing"

	"linevault/codec/pcm"
)

func TestRecord(t *testing.T) {
	in := []record{
		{Mono: 123456789012345, PCM: []int16{1, -1, 32767, -32768}},
		{Mono: 123456789012346, Overflow: true, PCM: []int16{0, 0, 0, 0}},
		{Fault: &fault{Text: "no such device", Hint: "look behind the box"}},
	}
	var wire []byte
	for i := range in {
		wire = appendRecord(wire, 2, &in[i])
	}
	d := recordReader{r: bytes.NewReader(wire), channels: 2, frames: 2}
	var got record
	for i := range in {
		if err := d.next(&got); err != nil {
			t.Fatal(err)
		}
		want := in[i]
		if want.Mono != got.Mono || want.Overflow != got.Overflow || !reflect.DeepEqual(want.Fault, got.Fault) || len(want.PCM) != len(got.PCM) {
			t.Errorf("record %d: %+v, want %+v", i, got, want)
		}
		for j := range want.PCM {
			if got.PCM[j] != want.PCM[j] {
				t.Errorf("record %d, sample %d: %d, want %d", i, j, got.PCM[j], want.PCM[j])
			}
		}
	}
	if err := d.next(&got); !errors.Is(err, io.EOF) {
		t.Errorf("after the last record: %v", err)
	}
	d.r = bytes.NewReader(wire[:headerSize+3])
	if err := d.next(&got); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a record cut off: %v", err)
	}
}

func FuzzRecord(f *testing.F) {
	good := appendRecord(nil, 2, &record{Mono: 1, PCM: []int16{1, 2, 3, 4}})
	f.Add(good)
	f.Add(appendRecord(good, 2, &record{Fault: &fault{Text: "a", Hint: "b"}}))
	f.Add(good[:headerSize])
	f.Add([]byte("ALSA lib pcm.c:2660:(snd_pcm_open_noupdate) Unknown PCM cards.pcm.rear"))
	f.Fuzz(func(t *testing.T, wire []byte) {
		d := recordReader{r: bytes.NewReader(wire), channels: 2, frames: 2}
		var r record
		var again []byte
		for d.next(&r) == nil {
			if r.Fault == nil && len(r.PCM) != 4 || r.Mono < pcm.Mono(0) {
				t.Fatalf("an impossible record: %+v", r)
			}
			if r.Fault != nil {
				return // text is repaired, so its bytes may differ
			}
			again = appendRecord(again, 2, &r)
		}
		if !bytes.HasPrefix(wire, again) {
			t.Error("what was read does not write the same bytes")
		}
	})
}

func TestLastLine(t *testing.T) {
	var l lastLine
	for _, part := range []string{"first\nsec", "ond\nthi", "rd", " line\n\n"} {
		if n, err := l.Write([]byte(part)); n != len(part) || err != nil {
			t.Fatal(n, err)
		}
	}
	if got, want := l.aside(), ` (it said "third line")`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
