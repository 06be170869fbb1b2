package pri

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// truth is a line of what libpri told one of the two applications that were on the call.
type truth struct {
	Micros      int64  `json:"us"`
	At          string `json:"at"`
	Event       string `json:"event"`
	Calling     string `json:"calling"`
	Pres        int    `json:"pres"`
	Called      string `json:"called"`
	CType       int    `json:"ctype"`
	Redirecting string `json:"redirecting"`
	Digits      string `json:"digits"`
	Connected   string `json:"connected"`
	Subcommand  int    `json:"subcmd0"`
	Channel     int    `json:"channel"`
	Cause       int    `json:"cause"`
	Ref         *int   `json:"cref"`
	Ours        bool   `json:"cref_by_us"`
}

// expected is a call as the truth has it, while its events are read.
type expected struct {
	row
	origin string
	ref    int
	over   bool
	agreed bool
}

// The rule by which a truth file becomes rows. A call is what RING says at the side that was called;
// events with a call reference belong to the call of that reference whose originator cref_by_us
// tells, events without one to the call that has the channel.
//
//   - start, direction, calling, called, redirecting, media: RING; INFO_RECEIVED adds digits.
//   - presentation: bits 7 and 6 of pres. libpri says 67 also where there was no element at all, and
//     no scenario sends 67, so that stands for none.
//   - channel: RING's, until the caller's first event names another; RETRIEVE_ACK adds one.
//   - answer and connected: ANSWER. A later change of the far end is not who answered.
//   - end and cause: the first HANGUP_REQ or HANGUP; a RESTART of the channel ends it without cause.
//   - transferred: the call that TRANSFER_CALL names and the other call that is up.
func expect(t *testing.T, file string) []row {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var calls []*expected
	for s := bufio.NewScanner(f); s.Scan(); {
		var e truth
		if err := json.Unmarshal(s.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		at := new(float64(e.Micros) / 1e6)
		if e.Event == "PRI_EVENT_RING" {
			calls = append(calls, ring(e, at))
			continue
		}
		c := find(calls, e)
		if c == nil {
			continue
		}
		switch strings.TrimPrefix(e.Event, "PRI_EVENT_") {
		case "SETUP_ACK", "PROCEEDING", "RINGING":
			c.agree(e.Channel)
		case "ANSWER":
			c.agree(e.Channel)
			c.Answer, c.Connected = at, e.Connected
		case "INFO_RECEIVED":
			c.Called += e.Digits
		case "RETRIEVE_ACK":
			c.Channels = append(c.Channels, e.Channel)
		case "FACILITY":
			if e.Subcommand == 17 {
				for _, o := range calls {
					o.Transferred = o.Transferred || !o.over && o.Answer != nil
				}
			}
		case "HANGUP_REQ", "HANGUP":
			c.End, c.Cause, c.over = at, new(e.Cause), true
		case "RESTART":
			c.End, c.over = at, true
		}
	}
	rows := make([]row, len(calls))
	for i, c := range calls {
		rows[i] = c.row
	}
	return rows
}

func ring(e truth, at *float64) *expected {
	c := &expected{origin: "net", ref: *e.Ref, row: row{
		Start: at, Direction: "in", Calling: e.Calling, Called: e.Called, Redirecting: e.Redirecting,
		Channel: new(e.Channel), Channels: []int{e.Channel},
		Media: new(map[int]string{0: "speech", 16: "audio", 8: "data"}[e.CType]),
	}}
	if e.At == "net" {
		c.origin, c.Direction = "user", "out"
	}
	c.Presentation = []string{"allowed", "restricted", "unavailable", "unavailable"}[e.Pres>>5&3]
	if e.Pres == 67 && e.Calling == "" {
		c.Presentation = "none"
	}
	return c
}

func (c *expected) agree(channel int) {
	if !c.agreed {
		c.agreed, c.Channel, c.Channels = true, new(channel), []int{channel}
	}
}

func find(calls []*expected, e truth) *expected {
	origin := map[bool]string{true: e.At, false: map[string]string{"net": "user", "user": "net"}[e.At]}[e.Ours]
	for _, c := range slices.Backward(calls) {
		switch {
		case c.over:
		case e.Ref != nil && c.ref == *e.Ref && c.origin == origin:
			return c
		case e.Ref == nil && e.Channel != 0 && c.Channels[len(c.Channels)-1] == e.Channel && c.Answer != nil,
			e.Ref == nil && e.Event == "PRI_EVENT_SETUP_ACK",
			e.Ref == nil && e.Event == "PRI_EVENT_RETRIEVE_ACK":
			return c
		}
	}
	return nil
}

// tolerance is how far times may differ: the truth counts from before the first frame. What ends
// with the D channel lost leaves no trace until the link is back, up to T200 later.
func tolerance(scenario string) float64 {
	if scenario == "dchan_lost_in_call_t309" {
		return 1.1
	}
	return 0.01
}

func compare(t *testing.T, got, want []row, within float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d calls decoded, libpri had %d", len(got), len(want))
	}
	near := func(a, b *float64) bool { return a == b || a != nil && b != nil && math.Abs(*a-*b) <= within }
	for _, w := range want {
		i := slices.IndexFunc(got, func(g row) bool {
			return g.Direction == w.Direction && near(g.Start, w.Start) && *g.Channel == *w.Channel
		})
		if i < 0 {
			t.Errorf("no call %s", plain(w))
			continue
		}
		g := got[i]
		if !near(g.Answer, w.Answer) || !near(g.End, w.End) {
			t.Errorf("times differ:\ngot  %s\nwant %s", plain(g), plain(w))
		}
		g.Start, g.Answer, g.End = w.Start, w.Answer, w.End
		if plain(g) != plain(w) {
			t.Errorf("differs:\ngot  %s\nwant %s", plain(g), plain(w))
		}
	}
}

func plain(r row) string {
	b, err := json.Marshal(r)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// decode runs the decoder and returns its rows and notes.
func decode(t *testing.T, files ...string) ([]row, string) {
	t.Helper()
	var out, notes bytes.Buffer
	if err := (Decoder{Out: &out, Notes: &notes, JSON: true}).Decode(files...); err != nil {
		t.Fatal(err)
	}
	var rows []row
	d := json.NewDecoder(&out)
	d.DisallowUnknownFields()
	for {
		var r row
		if err := d.Decode(&r); err == io.EOF {
			return rows, notes.String()
		} else if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
}

// scenarios is every capture that has a truth file.
func scenarios(t testing.TB) []string {
	t.Helper()
	names, err := filepath.Glob("testdata/*.truth.jsonl")
	if err != nil || len(names) < 40 {
		t.Fatalf("%d truth files: %v", len(names), err)
	}
	for i, n := range names {
		names[i] = strings.TrimSuffix(filepath.Base(n), ".truth.jsonl")
	}
	return names
}

// TestTruth compares every scenario with what libpri told the applications, however it is handed
// over: two files, two files in the wrong order, and one of both directions.
func TestTruth(t *testing.T) {
	for _, s := range scenarios(t) {
		t.Run(s, func(t *testing.T) {
			p := "testdata/" + s
			want := expect(t, p+".truth.jsonl")
			for _, files := range [][]string{
				{p + ".net.pcap", p + ".user.pcap"},
				{p + ".user.pcap", p + ".net.pcap"},
				{p + ".pcap"},
			} {
				got, notes := decode(t, files...)
				compare(t, got, want, tolerance(s))
				if swapped := strings.Contains(notes, "spans swapped"); swapped != (files[0] == p+".user.pcap") {
					t.Errorf("%v: notes %q", files, notes)
				}
			}
		})
	}
}

// TestTruthUnlabelled does the same with both directions in one file that does not tell which is which.
func TestTruthUnlabelled(t *testing.T) {
	for _, s := range scenarios(t) {
		t.Run(s, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "both.pcap")
			write(t, file, linkLAPD, load(t, s))
			got, _ := decode(t, file)
			compare(t, got, expect(t, "testdata/"+s+".truth.jsonl"), tolerance(s))
		})
	}
}

// TestLine keeps the form for people readable.
func TestLine(t *testing.T) {
	for s, want := range map[string]string{
		"hold_retrieve":       "1632960018 -> 2079460123, timeslot 20, then 21, talked 1.2 s, cleared: 16 normal clearing",
		"withheld_restricted": "in  withheld -> 2079460123, timeslot 7,",
		"data_call":           "data: not recorded",
		"redirected":          "redirected by 2079460199",
		"deflection":          "diverted to 2079460130",
		"connected_number":    "connected 1632960010, then 1632960011",
		"restart_one":         "talked 0.3 s, restarted",
	} {
		var out bytes.Buffer
		if err := (Decoder{Out: &out, Notes: io.Discard}).Decode("testdata/" + s + ".pcap"); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s: %q lacks %q", s, out.String(), want)
		}
	}
}

func ExampleDecode() {
	if err := Decode(os.Stdout, false, "testdata/glare.net.pcap", "testdata/glare.user.pcap"); err != nil {
		fmt.Println(err)
	}
	// Output:
	//      0.000 in  1632960012 -> 2079460123, timeslot 14, talked 0.4 s, cleared: 16 normal clearing
	//      0.000 out 2079460123 -> 01632960013, timeslot 14, not answered, cleared: 44 requested channel not available
}
