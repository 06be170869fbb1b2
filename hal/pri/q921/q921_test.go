package q921

import (
	"bytes"
	"encoding/hex"
	"testing"
	"time"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParse(t *testing.T) {
	for in, want := range map[string]Frame{
		"02017f":     {CR: true, Kind: SABME, PF: true},
		"000173":     {Kind: UA, PF: true},
		"02011f":     {CR: true, Kind: DM, PF: true},
		"00010102":   {Kind: RR, NR: 1},
		"02010101":   {CR: true, Kind: RR, PF: true},
		"02010507":   {CR: true, Kind: RNR, PF: true, NR: 3},
		"02010906":   {CR: true, Kind: REJ, NR: 3},
		"0201fefc08": {CR: true, Kind: I, NS: 127, NR: 126, Info: []byte{8}},
		"fcff030f":   {SAPI: 63, TEI: 127, Kind: UI, Info: []byte{15}},
		"0001af":     {Kind: XID},
		"000153":     {Kind: DISC, PF: true},
	} {
		got, err := Parse(unhex(t, in))
		info := bytes.Equal(got.Info, want.Info)
		got.Info, want.Info = nil, nil
		if err != nil || !info || got.SAPI != want.SAPI || got.TEI != want.TEI || got.CR != want.CR ||
			got.Kind != want.Kind || got.PF != want.PF || got.NS != want.NS || got.NR != want.NR {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "02", "0201", "030101", "02007f", "020100", "020101", "02011102", "0201ff"} {
		if f, err := Parse(unhex(t, in)); err == nil {
			t.Errorf("%q is no frame: %+v", in, f)
		}
	}
}

func TestSender(t *testing.T) {
	for in, want := range map[string]Side{
		"02017f": Network, "00017f": User, "000173": Network, "020173": User, "02010000": Network, "00010000": User,
		"02010101": Nobody, "00010101": Nobody, "00011f": Network, "020103": Network,
	} {
		f, err := Parse(unhex(t, in))
		if err != nil || f.Sender() != want {
			t.Errorf("%s was sent by %v, %v", in, f.Sender(), err)
		}
	}
}

// TestCheckFCS uses the SABME and UA of a real line, check sequence included (X.25 test values).
func TestCheckFCS(t *testing.T) {
	frame, ok := CheckFCS([]byte("123456789\x6e\x90")) // CRC-16/X-25 of the digits is 0x906E
	if !ok || string(frame) != "123456789" {
		t.Errorf("good: %q %v", frame, ok)
	}
	if _, ok := CheckFCS([]byte("123456788\x6e\x90")); ok {
		t.Error("a wrong octet passes")
	}
	if _, ok := CheckFCS([]byte{1}); ok {
		t.Error("one octet passes")
	}
}

func TestSequence(t *testing.T) {
	type step struct {
		ns      uint8
		info    string
		verdict Verdict
		missed  int
	}
	for name, steps := range map[string][]step{
		"in order, over the edge": {{126, "a", Fresh, 0}, {127, "b", Fresh, 0}, {0, "c", Fresh, 0}, {1, "a", Fresh, 0}},
		"sent again":              {{0, "a", Fresh, 0}, {1, "b", Fresh, 0}, {0, "a", Repeat, 0}, {1, "b", Repeat, 0}, {2, "c", Fresh, 0}},
		"one lost":                {{0, "a", Fresh, 0}, {2, "c", Fresh, 1}, {3, "d", Fresh, 1}},
		"lost, then sent again":   {{0, "a", Fresh, 0}, {2, "c", Fresh, 1}, {1, "b", Fresh, 0}, {2, "c", Repeat, 0}},
		"begun afresh unheard":    {{50, "a", Fresh, 0}, {51, "b", Fresh, 0}, {0, "c", Fresh, 0}, {1, "d", Fresh, 0}},
		"same digit, next number": {{0, "8", Fresh, 0}, {1, "8", Fresh, 0}, {2, "8", Fresh, 0}},
	} {
		var s Sequence
		for i, x := range steps {
			if got := s.Heard(x.ns, []byte(x.info)); got != x.verdict || s.Missed != x.missed {
				t.Errorf("%s, step %d: %v, %d missed", name, i, got, s.Missed)
			}
		}
	}
	var s Sequence
	for i := range 1000 { // three hundred in a row lost at once
		if i > 400 && i < 700 {
			continue
		}
		if s.Heard(uint8(i%modulus), []byte{byte(i), byte(i >> 8)}) != Fresh {
			t.Fatalf("frame %d taken for a repeat", i)
		}
	}
}

func TestUnheard(t *testing.T) {
	var s Sequence
	s.Heard(5, nil)
	s.Acked(6)
	if s.Unheard() != 0 {
		t.Error("acknowledged what was heard")
	}
	s.Acked(9)
	if s.Unheard() != 3 {
		t.Errorf("%d unheard, not 3", s.Unheard())
	}
	if s.Skip(9); s.Unheard() != 0 || s.Missed != 3 {
		t.Errorf("after skipping: %d unheard, %d missed", s.Unheard(), s.Missed)
	}
}

func TestLink(t *testing.T) {
	var l Link
	feed := func(in string, from Side, at time.Duration) Change {
		f, err := Parse(unhex(t, in))
		if err != nil {
			t.Fatal(err)
		}
		return l.Follow(f, from, at)
	}
	feed("02017f", Network, 0)
	if c := feed("020173", User, 0); c.State != Up || !c.Moved || c.Outage != 0 {
		t.Errorf("set up: %+v", c)
	}
	for s := time.Duration(10); s <= 30; s += 10 {
		feed("02010101", Network, s*time.Second)
		feed("02010101", User, s*time.Second)
	}
	feed("02010101", Network, 40*time.Second) // polls that nobody answers prove nothing
	if c := feed("02017f", Network, 45*time.Second); c.State != Down || !c.Moved {
		t.Errorf("lost: %+v", c)
	}
	if c := feed("020173", User, 49*time.Second); c.Outage != 19*time.Second || !c.GivenUp() {
		t.Errorf("back: %+v", c)
	}
	if c := feed("00010000", User, 50*time.Second); c.Moved || c.GivenUp() {
		t.Errorf("in use: %+v", c)
	}
}

// TestLinkResets has SABME begin the numbering afresh, even where its UA is missed: the same message
// under the same number is another one then.
func TestLinkResets(t *testing.T) {
	var l Link
	s := l.From(Network)
	if s.Heard(0, []byte("a")) != Fresh || s.Heard(0, []byte("a")) != Repeat {
		t.Error("before")
	}
	l.Follow(Frame{Kind: SABME}, Network, 1)
	if s.Heard(0, []byte("a")) != Fresh {
		t.Error("taken for a repeat after SABME")
	}
}

// FuzzQ921 reads any octets: what is a frame encodes to the same octets.
func FuzzQ921(f *testing.F) {
	for _, s := range []string{"02017f", "000173", "00010102", "02010000080200010504038090a3", "fcff030f0000017f", ""} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		CheckFCS(b)
		fr, err := Parse(b)
		if err != nil {
			return
		}
		if !bytes.HasPrefix(b, encode(fr)) {
			t.Fatalf("% x encodes to % x", b, encode(fr))
		}
		var l Link
		l.Follow(fr, User, time.Second)
		l.From(User).Heard(fr.NS, fr.Info)
		l.Follow(fr, Network, 0)
	})
}

// encode is Parse backwards, for the parts that Parse keeps.
func encode(f Frame) []byte {
	bit := func(b bool, v byte) byte {
		if b {
			return v
		}
		return 0
	}
	b := []byte{f.SAPI<<2 | bit(f.CR, 2), f.TEI<<1 | 1}
	switch f.Kind {
	case I:
		b = append(b, f.NS<<1, f.NR<<1|bit(f.PF, 1))
	case RR, RNR, REJ:
		b = append(b, byte(f.Kind-RR)<<2|1, f.NR<<1|bit(f.PF, 1))
	default:
		for octet, k := range modifiers {
			if k == f.Kind {
				b = append(b, octet|bit(f.PF, 0x10))
			}
		}
	}
	return append(b, f.Info...)
}
