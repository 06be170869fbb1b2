package ogg_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"linevault/codec/codectest"
	"linevault/codec/ogg"
	"linevault/codec/opus"
)

// TestReaderGivesTheSamePackets: also the granules tell where each page ends.
func TestReaderGivesTheSamePackets(t *testing.T) {
	speech := codectest.Speech(t, 40*8000)
	for _, sounds := range [][][]int16{{speech[:100001]}, {speech[:100001], speech[100001:200002]}} {
		file, packets := stream(t, 8000, sounds...)
		r, err := ogg.NewReader(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if h := r.Head(); h.Legs != len(sounds) || h.Rate != 8000 || h.PreSkip != ogg.PreSkip || h.Tags["LINE"] != "kiosk 1" {
			t.Errorf("the headers say %+v", h)
		}
		var got [][]byte
		var at, end int64
		for {
			p, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, p.Legs...)
			n, err := opus.Samples(p.Legs[0], ogg.Clock)
			if err != nil {
				t.Fatal(err)
			}
			at += int64(n)
			if p.Granule >= 0 && !p.Last && p.Granule != at {
				t.Fatalf("granule %d at %d", p.Granule, at)
			}
			end = p.Granule
		}
		if end != ogg.PreSkip+100001*6 {
			t.Errorf("the last granule is %d", end)
		}
		if !slices.EqualFunc(got, packets, bytes.Equal) {
			t.Errorf("%d packets read, %d written, or they differ", len(got), len(packets))
		}
	}
}

// TestDamage: a bit flipped anywhere, or a tail cut off anywhere, is noticed.
func TestDamage(t *testing.T) {
	noise := make([]int16, 50000)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = int16(rng.IntN(3000))
	}
	whole, _ := stream(t, 8000, noise)
	readAll := func(b []byte) error {
		r, err := ogg.NewReader(bytes.NewReader(b))
		for err == nil {
			_, err = r.Next()
		}
		return err
	}
	if err := readAll(whole); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	for range 500 {
		bad := bytes.Clone(whole)
		bad[rng.IntN(len(bad))] ^= 1 << rng.IntN(8)
		if err := readAll(bad); err == io.EOF {
			t.Fatal("a flipped bit went unseen")
		}
		if err := readAll(whole[:rng.IntN(len(whole))]); err == io.EOF {
			t.Fatal("a missing tail went unseen")
		}
	}
}

func FuzzReader(f *testing.F) {
	noise := make([]int16, 9000)
	for i := range noise {
		noise[i] = int16(i * i)
	}
	one, _ := stream(f, 8000, noise)
	two, _ := stream(f, 8000, noise, noise)
	f.Add(one)
	f.Add(two)
	f.Add(one[:200])
	f.Fuzz(func(t *testing.T, in []byte) {
		in = bytes.Clone(in) // which is the fuzzer's
		ogg.Repair(in)
		r, err := ogg.NewReader(bytes.NewReader(in))
		if err != nil {
			return
		}
		total := 0
		for {
			p, err := r.Next()
			if err != nil {
				return
			}
			if len(p.Legs) != r.Head().Legs {
				t.Fatalf("%d legs", len(p.Legs))
			}
			for _, leg := range p.Legs {
				total += len(leg)
			}
			if total > len(in) {
				t.Fatalf("%d bytes of packets out of %d", total, len(in))
			}
		}
	})
}
