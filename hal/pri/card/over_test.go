package card

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/hal"
	"linevault/hal/pri/dahdi"
	"linevault/hal/pri/pcap"
	"linevault/hal/pri/q921"
)

// recall plays a capture through an office and its ring, without waiting, and returns which calls
// were over, how many were not, and which references each timeslot signalled.
func recall(t *testing.T, name string, timeslots []int, lost bool) (over []Over, refs map[int][]string, going int) {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	r, err := pcap.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	g := newRing(len(timeslots))
	o := newOffice(g, timeslots, func(string, string) {})
	o.over = func(w Over) { over = append(over, w) }
	lines := make([]*line, len(timeslots))
	for i := range lines {
		lines[i] = &line{index: i, ring: g}
	}
	refs = map[int][]string{}
	octets := make([]byte, dahdi.Block)
	const born = pcm.Mono(time.Hour)
	var clock time.Duration
	var b hal.Block
	step := func() {
		clock += 40 * time.Millisecond
		o.pass(clock)
		if lost {
			if g.lose("a test", born+pcm.Mono(clock)) {
				o.lost()
			}
		} else {
			g.add(dahdi.Block, born+pcm.Mono(clock), false, func(int, side) []byte { return octets })
		}
		o.signal(born)
		for i, l := range lines {
			if err := l.Read(&b); err != nil {
				t.Fatal(err)
			}
			for _, s := range b.Signals {
				if s.Kind == hal.Reference {
					refs[timeslots[i]] = append(refs[timeslots[i]], string(s.Data))
				}
			}
		}
	}
	var first time.Time
	for {
		p, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if first.IsZero() {
			first = p.At
		}
		at := p.At.Sub(first) + time.Second
		for clock < at {
			step()
		}
		frame := append([]byte(nil), p.Data[16:]...)
		from := network
		if q, err := q921.Parse(frame); err == nil && q.Sender() == q921.User {
			from = user
		}
		o.feed(frame, from, at)
	}
	for range 20 { // until whatever was not heard to end has ended
		clock += 5 * time.Minute
		step()
	}
	return over, refs, len(o.fates)
}

var allSlots = func() (all []int) {
	for s := 1; s < slots; s++ {
		if s != dSlot {
			all = append(all, s)
		}
	}
	return all
}()

// rings is how many calls a truth file tells of.
func rings(t *testing.T, capture string) int {
	t.Helper()
	truth, err := os.ReadFile(strings.TrimSuffix(capture, ".pcap") + ".truth.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Count(truth, []byte(`"PRI_EVENT_RING"`))
}

// TestInvariantAccounted: of every capture there is, each call that libpri told of is over once and
// no other is, and what was on a line is what its lines signalled. It does not run beside the tests
// that take place in real time: it would keep the processors from them.
func TestInvariantAccounted(t *testing.T) {
	all, err := filepath.Glob("../testdata/*.truth.jsonl")
	if err != nil || len(all) < 40 {
		t.Fatalf("%d captures: %v", len(all), err)
	}
	for _, truth := range all {
		capture := strings.TrimSuffix(truth, ".truth.jsonl") + ".pcap"
		name := strings.TrimSuffix(filepath.Base(capture), ".pcap")
		t.Run(name, func(t *testing.T) {
			over, refs, going := recall(t, capture, allSlots, false)
			if going > 0 && name != "dchan_lost_in_call_t309" { // nobody heard that one end, so it goes on
				t.Errorf("%d calls go on for ever", going)
			}
			if want := rings(t, capture); len(over)+going != want {
				t.Errorf("%d calls are over, and libpri had %d: %+v", len(over), want, over)
			}
			heard := map[string]bool{}
			for _, on := range refs {
				for _, r := range on {
					heard[r] = true
				}
			}
			seen := map[string]bool{}
			for _, w := range over {
				if seen[w.Reference] {
					t.Errorf("%s is over twice", w.Reference)
				}
				seen[w.Reference] = true
				if (w.Why == "") != heard[w.Reference] || w.To < w.From {
					t.Errorf("%+v; on a line: %v", w, heard[w.Reference])
				}
				delete(heard, w.Reference)
			}
			if len(heard) > going {
				t.Errorf("never over: %v", heard)
			}
		})
	}
}

// Calls that no line carries say why.
func TestUnheard(t *testing.T) {
	for _, test := range []struct {
		name string
		on   []int
		lost bool
		want Unheard
	}{
		{"data_call", allSlots, false, DataCall},
		{"congestion", allSlots, false, NoChannel},
		{"answered_in", []int{2, 3}, false, NoLine},
		{"answered_in", allSlots, true, CardLost},
	} {
		over, _, _ := recall(t, "../testdata/"+test.name+".pcap", test.on, test.lost)
		if len(over) != 1 || over[0].Why != test.want {
			t.Errorf("%s: %+v, want one that is %q", test.name, over, test.want)
		}
	}
}

// A call that is held and comes back elsewhere keeps its reference.
func TestReferenceStays(t *testing.T) {
	over, refs, _ := recall(t, "../testdata/hold_retrieve.pcap", allSlots, false)
	if len(over) != 1 || len(refs[20]) != 1 || !slices.Equal(refs[20], refs[21]) || over[0].Reference != refs[20][0] || over[0].Far != "1632960018" {
		t.Errorf("%+v, %v", over, refs)
	}
}
