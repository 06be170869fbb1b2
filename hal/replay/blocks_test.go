package replay

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"linevault/hal"
	"linevault/hal/haltest"
)

// written is a block file of n blocks of a line.
func written(t testing.TB, l hal.Line, n int) (file []byte, blocks []hal.Block) {
	t.Helper()
	var out bytes.Buffer
	w, err := NewBlockWriter(&out, l)
	if err != nil {
		t.Fatal(err)
	}
	var b hal.Block
	for range n {
		if err := l.Read(&b); err != nil {
			t.Fatal(err)
		}
		if err := w.Write(&b); err != nil {
			t.Fatal(err)
		}
		blocks = append(blocks, copyOf(&b))
	}
	return out.Bytes(), blocks
}

func TestBlocks(t *testing.T) {
	file, want := written(t, openCard(t, twoLines(t, 0)).Lines()[0], 8)
	l, err := Blocks(bytes.NewReader(file), 0)
	if err != nil {
		t.Fatal(err)
	}
	if l.ID() != "one" || l.Format() != stereo {
		t.Errorf("line %s with format %v", l.ID(), l.Format())
	}
	got := readBlocks(t, l, 20)
	for i := range got {
		for j := range got[i].Signals { // empty and nil are the same here
			got[i].Signals[j].Data = append([]byte(nil), got[i].Signals[j].Data...)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read\n%+v, want\n%+v", got, want)
	}
	if err := l.Read(new(hal.Block)); !errors.Is(err, io.EOF) {
		t.Errorf("after the end: %v", err)
	}
}

// In time, blocks come when they came, and say the time at which they come.
func TestBlocksInTime(t *testing.T) {
	file, want := written(t, openCard(t, twoLines(t, 0)).Lines()[0], 4)
	began := hal.Now()
	l, err := Blocks(bytes.NewReader(file), 2)
	if err != nil {
		t.Fatal(err)
	}
	check := haltest.NewChecker(l)
	var b hal.Block
	var sound []int16
	var stamp time.Duration
	for {
		err := l.Read(&b)
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = check.Step(&b)
		}
		if err != nil {
			t.Fatal(err)
		}
		if now := hal.Now(); b.Captured < began || b.Captured > now {
			t.Fatalf("captured at %v, it is %v", b.Captured, now)
		}
		sound = append(sound, b.Frame.PCM...)
		stamp = time.Duration(b.Captured - began)
		time.Sleep(10 * time.Millisecond)
	}
	var all []int16
	for _, w := range want {
		all = append(all, w.Frame.PCM...)
	}
	if !reflect.DeepEqual(sound, all) {
		t.Error("other sound than was written")
	}
	if least := 3 * hal.MaxBlock / 2; stamp < least {
		t.Errorf("three blocks went by in %v, want %v at twice the speed", stamp, least)
	}
}

func TestBlocksDamaged(t *testing.T) {
	file, _ := written(t, openCard(t, twoLines(t, 0)).Lines()[0], 3)
	for _, test := range []struct {
		name   string
		damage func(f []byte) []byte
		want   string
	}{
		{"empty", func([]byte) []byte { return nil }, "its head"},
		{"another file", func([]byte) []byte { return []byte("RIFF....WAVEfmt ") }, "it is none"},
		{"cut off", func(f []byte) []byte { return f[:len(f)-1] }, "block 2: the file is cut off"},
		{"a bit", func(f []byte) []byte { f[len(f)-1] ^= 1; return f }, "block 2: its checksum is wrong"},
		{"twice", func(f []byte) []byte { return append(f, f[17:]...) }, "block 3: position 0 of epoch 0, after 4800"},
	} {
		t.Run(test.name, func(t *testing.T) {
			l, err := Blocks(bytes.NewReader(test.damage(bytes.Clone(file))), 0)
			var b hal.Block
			for err == nil {
				err = l.Read(&b)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

// FuzzBlocks: what can be read can be written, and is the same.
func FuzzBlocks(f *testing.F) {
	l, err := Blocks(strings.NewReader(blockMagic+"\x40\x1f\x00\x00\x01\x00"), 0)
	if err != nil {
		f.Fatal(err)
	}
	var out bytes.Buffer
	w, err := NewBlockWriter(&out, l)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(out.Bytes())
	for i := range 3 {
		b := hal.Block{Captured: 7, Signals: []hal.Signal{{Kind: hal.FarNumber, Data: []byte("0")}}}
		b.Frame.Format, b.Frame.PCM = mono, make([]int16, i)
		if i == 2 {
			b.Frame.Pos, b.Frame.Epoch, b.Signals = 1, 1, nil
		}
		if err := w.Write(&b); err != nil {
			f.Fatal(err)
		}
		f.Add(bytes.Clone(out.Bytes()))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		resum(file)
		l, err := Blocks(bytes.NewReader(file), 0)
		if err != nil {
			return
		}
		var again bytes.Buffer
		w, err := NewBlockWriter(&again, l)
		if err != nil {
			t.Fatal(err)
		}
		var b hal.Block
		for l.Read(&b) == nil {
			if err := w.Write(&b); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.HasPrefix(file, again.Bytes()) {
			t.Error("what was read does not write the same bytes")
		}
	})
}

// resum puts the checksums of a file right, as far as it can be followed, so that it is not
// they that stop everything.
func resum(file []byte) {
	if len(file) < 14 || len(file) < 14+int(file[13]) {
		return
	}
	for b := file[14+int(file[13]):]; len(b) >= 8; {
		size := int(binary.LittleEndian.Uint32(b))
		if size > len(b)-8 {
			return
		}
		binary.LittleEndian.PutUint32(b[4:], crc32.Checksum(b[8:8+size], castagnoli))
		b = b[8+size:]
	}
}
