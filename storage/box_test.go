package storage

import (
	"bytes"
	"maps"
	"reflect"
	"testing"

	"linevault/codec"
	"linevault/codec/pcm"
)

// FuzzBox reads any bytes as a box: it never panics, what it shows tiles, and a box that is
// made of what it shows holds the same.
func FuzzBox(f *testing.F) {
	for legs := 1; legs <= 2; legs++ {
		b := builder{format: pcm.Format{Rate: 8000, Legs: legs}}
		b.reset(-100)
		add := func(from, to pcm.Pos, restart bool, toc byte, n int) {
			for leg := range legs {
				p := codec.Packet{
					Leg: pcm.Leg(leg), Epoch: 3, Span: pcm.Span{From: from, To: to}, Restart: restart,
					Data: append([]byte{toc}, bytes.Repeat([]byte{7}, n)...),
				}
				if err := b.packet(p); err != nil {
					f.Fatal(err)
				}
			}
		}
		add(-100, 328, true, 0x18, 40)
		add(328, 808, false, 0x18, 300)
		add(808, 968, false, 0x08, 0)
		if err := b.putGap(Gap{Span: pcm.Span{From: 968, To: 9000}, Cause: Paused, By: "terminal 1"}); err != nil {
			f.Fatal(err)
		}
		add(9000, 9428, true, 0x18, 252)
		for i, bin := range []int64{-1, 0, 7, 6, 7} {
			b.peak(pcm.Leg(i%legs), bin, uint8(50*i+3))
		}
		b.late(Gap{Span: pcm.Span{From: 5, To: 50}, Cause: Withheld, By: "x"})
		f.Add(bytes.Clone(b.finish()), legs == 2)
	}
	f.Fuzz(func(t *testing.T, box []byte, two bool) {
		format := pcm.Format{Rate: 8000, Legs: 1}
		if two {
			format.Legs = 2
		}
		again := builder{format: format}
		runs, span, err := runsOf(format, 1, box, visitor{})
		if err != nil {
			return
		}
		at := span.From
		for _, r := range runs {
			if r.Frames == 0 && r.Gap == nil {
				continue // an empty run says nothing
			}
			if r.Span.From != at {
				t.Fatalf("runs do not tile at %d: %+v", at, runs)
			}
			at = r.Span.To
		}
		if at != span.To {
			t.Fatalf("runs end at %d of %v", at, span)
		}
		type event struct {
			packet codec.Packet
			gap    Gap
		}
		type bin struct {
			leg pcm.Leg
			bin int64
		}
		collect := func(content []byte) (events []event, peaks map[bin]uint8) {
			peaks = map[bin]uint8{}
			_, err := readBox(format, content, visitor{
				packet: func(p codec.Packet) error {
					p.Data = bytes.Clone(p.Data)
					events = append(events, event{packet: p})
					return nil
				},
				gap: func(g Gap) error {
					if k := len(events) - 1; k >= 0 && events[k].gap.Cause == g.Cause && events[k].gap.By == g.By &&
						events[k].packet.Data == nil {
						events[k].gap.Span.To = g.Span.To
					} else if !g.Span.Empty() {
						events = append(events, event{gap: g})
					}
					return nil
				},
				peak: func(leg pcm.Leg, n int64, v uint8) error {
					if at := (bin{leg, n}); v > peaks[at] {
						peaks[at] = v
					}
					return nil
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			return events, peaks
		}
		want, peaks := collect(box)
		again.reset(span.From)
		for _, e := range want {
			if e.packet.Data != nil {
				err = again.packet(e.packet)
			} else {
				err = again.putGap(e.gap)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		for at, v := range peaks {
			again.peak(at.leg, at.bin, v)
		}
		if got, same := collect(again.finish()); !reflect.DeepEqual(got, want) || !maps.Equal(same, peaks) {
			t.Fatalf("made again it holds %+v and peaks %v, not %+v and %v", got, same, want, peaks)
		}
	})
}

// FuzzFinal reads any bytes as a part's header and end.
func FuzzFinal(f *testing.F) {
	x := &index{}
	x.add(1, []Run{
		{Span: pcm.Span{From: 0, To: 428}, Restart: true, Frames: 1, Raw: 480, Cost: 90},
		{Span: pcm.Span{From: 428, To: 8000}, Gap: &Gap{Cause: Paused, By: "x"}},
	})
	b, err := appendFinal([]byte{0}, &final{End: End{At: 8000}}, x)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		format := pcm.Format{Rate: 8000, Legs: 2}
		_, _ = readHeader(b)
		fin, runs, err := readFinal(format, b)
		if err != nil {
			return
		}
		at := fin.From
		for _, r := range runs {
			if r.Span.From != at || r.Span.To < at {
				t.Fatalf("the index does not tile at %d", at)
			}
			at = r.Span.To
		}
	})
}

// Invariant 1, tile: what is put into boxes of any sizes comes out packet for packet, gap for
// gap, to the sample.
func TestInvariantTile(t *testing.T) {
	format := pcm.Format{Rate: 8000, Legs: 2}
	b := builder{format: format}
	pos := pcm.Pos(1 << 40)
	b.reset(pos)
	from := pos
	for i := range 4000 {
		switch {
		case i%17 == 3:
			g := Gap{Span: pcm.Span{From: pos, To: pos + pcm.Pos(i)}, Cause: Lost}
			pos = g.Span.To
			if err := b.putGap(g); err != nil {
				t.Fatal(err)
			}
		default:
			raw := []pcm.Pos{480, 320, 160, 80}[i%4]
			toc := []byte{0x18, 0x10, 0x08, 0x00}[i%4]
			span := pcm.Span{From: pos, To: pos + raw - pcm.Pos(i%5)*pcm.Pos(i%3)}
			pos = span.To
			for leg := range 2 {
				data := append([]byte{toc}, make([]byte, i%400)...)
				err := b.packet(codec.Packet{Leg: pcm.Leg(leg), Span: span, Restart: i%11 == 0, Epoch: pcm.Epoch(i / 900), Data: data})
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		if i%23 != 0 {
			continue
		}
		content := bytes.Clone(b.finish())
		want := append([]Run(nil), b.runs...)
		runs, span, err := runsOf(format, 0, content, visitor{})
		if err != nil || span.From != from || span.To != pos {
			t.Fatalf("box covers %v, want %d..%d: %v", span, from, pos, err)
		}
		if len(runs) != len(want) {
			t.Fatalf("%d runs, want %d", len(runs), len(want))
		}
		at := from
		for j, r := range runs {
			w := want[j]
			if r.Span != w.Span || r.Frames != w.Frames || r.Raw != w.Raw || r.Cost != w.Cost || r.Restart != w.Restart || r.Span.From != at {
				t.Fatalf("run %+v, want %+v", r, w)
			}
			at = r.Span.To
		}
		b.reset(pos)
		from = pos
	}
}

// The lengths of packets are those of RFC 6716 3.1.
func TestPacketSamples(t *testing.T) {
	for _, c := range []struct {
		packet []byte
		want   pcm.Pos
	}{
		{nil, 0},
		{[]byte{0x18}, 480},
		{[]byte{0x00}, 80},
		{[]byte{0x18 | 1, 1, 2}, 960},
		{[]byte{0x18 | 3}, 0},
		{[]byte{0x18 | 3, 2}, 960},
		{[]byte{0x18 | 3, 3}, 0},    // 180 ms
		{[]byte{16 << 3}, 20},       // CELT, 2.5 ms
		{[]byte{0x83, 48}, 20 * 48}, // 48 of them: 120 ms
		{[]byte{12 << 3}, 80},
		{[]byte{13 << 3}, 160},
	} {
		if got := packetSamples(c.packet, 8000); got != c.want {
			t.Errorf("%x: %d samples, want %d", c.packet, got, c.want)
		}
	}
}
