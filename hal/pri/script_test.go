package pri

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"linevault/hal/pri/q921"
	"linevault/hal/pri/q931"
)

// elements are the information elements that the scripts below name.
var elements = map[string]string{
	"speech": "04038090a3", "ch5": "1803a18385", "ch7!": "1803a98387", "ch9": "1803a18389", "from1": "6c042183" + "3131",
	"to20": "7003803230", "more3": "70028033", "keys45": "2c023435", "busy": "08028191", "normal": "08028190", "noref": "080281d1",
	"null": "140100", "active": "14010a", "all": "790187", "conn66": "4c0421833636", "redir77": "7404210183" + "37",
	"to88": "760421803838", "ect": "1c0991a106020105020106", "refused": "1c0691a303020105", "tone": "1e028188",
}

var types = map[string]q931.Type{
	"SETUP": q931.Setup, "SETUPACK": q931.SetupAck, "PROC": q931.CallProceeding, "ALERT": q931.Alerting, "CONN": q931.Connect,
	"CONNACK": q931.ConnectAck, "DISC": q931.Disconnect, "REL": q931.Release, "RELCOM": q931.ReleaseComplete,
	"INFO": q931.Information, "NOTIFY": q931.Notify, "FAC": q931.Facility, "STATUS": q931.Status, "ENQ": q931.StatusEnquiry,
	"HOLD": q931.Hold, "HOLDACK": q931.HoldAck, "RETR": q931.Retrieve, "RETRACK": q931.RetrieveAck, "RESTART": q931.Restart,
	"REGISTER": q931.Register, "PROGRESS": q931.Progress,
}

// play turns a script into frames. A line is: second, side, reference (with ' if the other side
// chose it), message, elements. "up" sets up the link.
func play(t *testing.T, script string) (frames []heard) {
	t.Helper()
	sent := map[q921.Side]byte{}
	for line := range strings.Lines(strings.TrimSpace(script)) {
		w := strings.Fields(line)
		at, err := time.ParseDuration(w[0] + "s")
		if err != nil {
			t.Fatal(err)
		}
		if w[1] == "up" {
			frames = append(frames, heard{at, q921.Network, []byte{2, 1, 0x7F}}, heard{at, q921.User, []byte{2, 1, 0x73}})
			clear(sent)
			continue
		}
		from, cr := q921.Network, byte(2)
		if w[1] == "user" {
			from, cr = q921.User, 0
		}
		var ref byte
		if _, err := fmt.Sscanf(w[2], "%d", &ref); err != nil {
			t.Fatal(err)
		}
		flag := byte(0)
		if strings.HasSuffix(w[2], "'") {
			flag = 0x80
		}
		m, ok := types[w[3]]
		if !ok {
			t.Fatalf("no message %s", w[3])
		}
		b := []byte{cr, 1, sent[from] << 1, sent[from.Other()] << 1, 8, 2, flag, ref, byte(m)}
		sent[from]++
		for _, name := range w[4:] {
			e, err := hex.DecodeString(elements[name])
			if err != nil || len(e) == 0 {
				t.Fatalf("element %s: %v", name, err)
			}
			b = append(b, e...)
		}
		frames = append(frames, heard{at, from, b})
	}
	return frames
}

// brief is what a script expects of a call.
func brief(c Call) string {
	s := fmt.Sprintf("%s %s>%s %v", c.Direction, c.Calling.Digits, c.Called, c.Channels)
	if c.Start.Seen {
		s += fmt.Sprintf(" s%g", c.Start.At.Seconds())
	}
	if c.Answer.Seen {
		s += fmt.Sprintf(" a%g", c.Answer.At.Seconds())
	}
	if c.End.Seen {
		s += fmt.Sprintf(" e%g", c.End.At.Seconds())
	}
	s += " " + c.Ending.String()
	if c.Cause != 0 {
		s += fmt.Sprintf(" %d", uint8(c.Cause))
	}
	if c.Transferred {
		s += " transferred"
	}
	if c.Joined {
		s += " joined"
	}
	if c.Inband {
		s += " inband"
	}
	for _, n := range []q931.Number{c.Redirecting, c.DivertedTo, c.Connected, c.Party} {
		if n.Digits != "" {
			s += " +" + n.Digits
		}
	}
	return s
}

// TestScripts is a table of what lines do that libpri's scenarios do not.
func TestScripts(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		want   []string
	}{
		"the answer names the channel": {`
			0 up
			1 user 1 SETUP speech from1 to20
			2 net 1' PROC ch9
			3 net 1' CONN conn66
			4 user 1 DISC busy
			4 net 1' REL
			4 user 1 RELCOM`, []string{"out 11>20 [9] s1 a3 e4 cleared 17 +66"}},
		"only ALERTING names it": {`
			0 up
			1 user 1 SETUP speech from1 to20
			2 net 1' PROC
			3 net 1' ALERT ch9 tone
			4 net 1' DISC normal`, []string{"out 11>20 [9] s1 e4 cleared 16 inband"}},
		"no answer names it, so the proposal stands": {`
			0 up
			1 net 1 SETUP speech from1 to20 ch5
			2 user 1' CONN
			3 user 1' RELCOM normal`, []string{"in 11>20 [5] s1 a2 e3 cleared 16"}},
		"overlap by keypad": {`
			0 up
			1 user 1 SETUP speech from1 keys45
			2 net 1' SETUPACK ch5
			3 user 1 INFO keys45
			4 user 1 INFO more3
			5 net 1' CONN
			6 user 1 INFO keys45
			7 user 1 DISC normal`, []string{"out 11>45453 [5] s1 a5 e7 cleared 16"}},
		"SETUP sent again": {`
			0 up
			1 net 1 SETUP speech from1 to20 ch5
			5 net 1 SETUP speech from1 to20 ch5
			6 user 1' CONN ch5
			7 net 1 DISC normal`, []string{"in 11>20 [5] s1 a6 e7 cleared 16"}},
		"SETUP that nobody answers": {`
			0 up
			0 user 9' STATUS null
			1 net 1 SETUP speech from1 to20 ch5
			2 user 9' STATUS null
			60 user 2 SETUP speech from1 to20
			60 net 2' RELCOM busy`, []string{"in 11>20 [5] s1 ignored", "out 11>20 [] s60 e60 cleared 17"}},
		"the reference comes round again": {`
			0 up
			1 net 1 SETUP speech from1 to20 ch5
			2 user 1' CONN ch5
			9 net 1 SETUP speech from1 to20 ch5
			9 user 1' CONN ch5
			12 net 1 DISC normal`, []string{"in 11>20 [5] s1 a2 e9 end missed", "in 11>20 [5] s9 a9 e12 cleared 16"}},
		"the channel is used again": {`
			0 up
			1 net 1 SETUP speech from1 to20 ch7!
			2 user 1' CONN ch7!
			8 user 4 SETUP speech from1 to20 ch7!
			9 net 4' PROC ch7!
			12 user 4 DISC normal`, []string{"in 11>20 [7] s1 a2 e9 end missed", "out 11>20 [7] s8 e12 cleared 16"}},
		"a call that STATUS says is gone": {`
			0 up
			1 net 1 SETUP speech from1 to20 ch5
			2 user 1' CONN ch5
			5 net 1 ENQ
			5 user 1' STATUS null
			9 net 1 RELCOM noref`, []string{"in 11>20 [5] s1 a2 e5 cleared"}},
		"STATUS of a call that was up before": {`
			0 up
			1 net 3 ENQ
			1 user 3' STATUS active
			9 user 3' DISC normal`, []string{"in > [] e9 cleared 16 joined"}},
		"joined at CONNECT": {`
			1 user 3' CONN ch9
			9 net 3 DISC busy`, []string{"in > [9] s1 a1 e9 cleared 17 joined"}},
		"joined without knowing the channel": {`
			1 user 3' ALERT
			2 user 3' CONN ch9
			9 net 3 REL normal
			9 user 3' RELCOM`, []string{"in > [9] s2 a2 e9 cleared 16 joined"}},
		"nothing to join": {`
			0 up
			1 net 3 RELCOM noref
			2 net 4 STATUS null
			3 net 5 ENQ`, nil},
		"RESTART of the interface": {`
			0 up
			1 net 1 SETUP speech from1 to20 ch5
			2 user 1' CONN ch5
			3 user 1 SETUP speech from1 to20
			3 net 1' PROC ch9
			5 net 0 RESTART all
			6 user 1' DISC normal`, []string{"in 11>20 [5] s1 a2 e5 restarted", "out 11>20 [9] s3 e5 restarted"}},
		"held, and another call on its timeslot": {`
			0 up
			1 net 1 SETUP speech from1 to20 ch5
			2 user 1' CONN ch5
			3 user 1' HOLD
			3 net 1 HOLDACK
			4 net 2 SETUP speech from1 to20 ch5
			4 user 2' CONN ch5
			5 net 2 DISC normal
			6 user 1' RETR
			6 net 1 RETRACK ch9
			7 net 1 DISC normal`, []string{"in 11>20 [5 9] s1 a2 e7 cleared 16", "in 11>20 [5] s4 a4 e5 cleared 16"}},
		"HOLD ACKNOWLEDGE missed": {`
			0 up
			1 net 1 SETUP speech from1 to20 ch5
			2 user 1' CONN ch5
			6 net 1 RETRACK ch9
			7 net 1 DISC normal`, []string{"in 11>20 [5 9] s1 a2 e7 cleared 16"}},
		"transfer of the held call": {`
			0 up
			1 net 1 SETUP speech from1 to20 ch5
			2 user 1' CONN ch5
			3 user 1' HOLD
			3 net 1 HOLDACK
			4 user 1 SETUP speech from1 to20 ch9
			5 net 1' CONN ch9
			6 user 1 FAC ect
			7 net 1' DISC normal
			7 net 1 DISC normal`, []string{"in 11>20 [5] s1 a2 e7 cleared 16 transferred", "out 11>20 [9] s4 a5 e7 cleared 16 transferred"}},
		"transfer refused": {`
			0 up
			1 net 1 SETUP speech from1 to20 ch5
			2 user 1' CONN ch5
			3 user 1' HOLD
			3 net 1 HOLDACK
			4 user 1 SETUP speech from1 to20 ch9
			5 net 1' CONN ch9
			6 user 1 FAC ect
			6 net 1' FAC refused
			7 net 1' DISC normal
			7 net 1 DISC normal`, []string{"in 11>20 [5] s1 a2 e7 cleared 16", "out 11>20 [9] s4 a5 e7 cleared 16"}},
		"redirecting and redirection numbers": {`
			0 up
			1 net 1 SETUP speech from1 to20 ch5 redir77
			2 user 1' ALERT
			3 user 1' NOTIFY to88
			4 user 1' CONN
			5 net 1 NOTIFY to88
			6 net 1 DISC normal`, []string{"in 11>20 [5] s1 a4 e6 cleared 16 +7 +88 +88"}},
		"a signalling connection is no call": {`
			0 up
			1 user 6 REGISTER
			2 net 6' FAC
			3 net 6' RELCOM normal`, nil},
		"RELEASE first, both at once, then the reference again": {`
			0 up
			1 net 1 SETUP speech from1 to20 ch5
			2 user 1' CONN ch5
			3 net 1 REL normal
			3 user 1' REL busy
			4 net 1 SETUP speech from1 to20 ch5
			4 user 1' RELCOM busy`, []string{"in 11>20 [5] s1 a2 e3 cleared 16", "in 11>20 [5] s4 e4 cleared 17"}},
		"SETUP from the wrong side": {`
			0 up
			1 net 1' SETUP speech from1 to20 ch5`, nil},
		"RESTART crosses a SETUP": {`
			0 up
			1 user 1 SETUP speech from1 to20 ch5
			1 net 0 RESTART ch5
			2 net 1' CONN ch5
			3 net 0 RESTART ch5`, []string{"out 11>20 [5] s1 a2 e3 restarted"}},
		"alive after a long outage": {`
			0 up
			1 net 1 SETUP speech from1 to20 ch5
			2 user 1' CONN ch5
			60 up
			61 user 1' NOTIFY
			62 net 2 SETUP speech from1 to20`, []string{"in 11>20 [5] s1 a2 end not heard", "in 11>20 [] s62 end not heard"}},
		"not heard of after a long outage": {`
			0 up
			1 net 1 SETUP speech from1 to20 ch5
			2 user 1' CONN ch5
			60 up
			62 net 2 SETUP speech from1 to20`, []string{"in 11>20 [5] s1 a2 e60 lost with the D channel 27", "in 11>20 [] s62 end not heard"}},
		"CONNECT missed": {`
			0 up
			1 net 1 SETUP speech from1 to20 ch5
			2 user 1' ALERT
			4 net 1 CONNACK
			5 net 1 DISC normal`, []string{"in 11>20 [5] s1 a4 e5 cleared 16"}},
	} {
		t.Run(name, func(t *testing.T) {
			calls, events, tap := run(play(t, c.script))
			var got []string
			for _, c := range calls {
				if c.ID != 0 {
					got = append(got, brief(c))
				}
			}
			if g, w := strings.Join(got, "\n"), strings.Join(c.want, "\n"); g != w {
				t.Errorf("got\n%s\nwant\n%s", g, w)
			}
			if h := tap.Health(); h.Missed+h.Bad+h.Repeats != 0 {
				t.Errorf("health %+v", h)
			}
			began := map[uint64]bool{}
			for _, e := range events {
				if e.Kind == Began {
					began[e.Call.ID] = true
				} else if e.Call.ID != 0 && !began[e.Call.ID] {
					t.Errorf("%v before call %d began", e.Kind, e.Call.ID)
				}
			}
		})
	}
}

// TestReleaseCollision frees a call when both sides have sent RELEASE: nothing follows (Q.931 5.3.4).
func TestReleaseCollision(t *testing.T) {
	_, events, _ := run(play(t, `
		0 up
		1 net 1 SETUP speech from1 to20 ch5
		2 user 1' CONN ch5
		3 net 1 REL normal
		4 user 1' REL busy
		9 net 2 SETUP speech from1 to20 ch5`))
	for _, e := range events {
		if e.Kind == Freed && e.Call.ID == 1 && e.At == 4*time.Second {
			return
		}
	}
	t.Errorf("not freed by the second RELEASE: %+v", events)
}
