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
	var s strings.Builder
	fmt.Fprintf(&s, "%s %s>%s %v", c.Direction, c.Calling.Digits, c.Called, c.Channels)
	if c.Start.Seen {
		fmt.Fprintf(&s, " s%g", c.Start.At.Seconds())
	}
	if c.Answer.Seen {
		fmt.Fprintf(&s, " a%g", c.Answer.At.Seconds())
	}
	if c.End.Seen {
		fmt.Fprintf(&s, " e%g", c.End.At.Seconds())
	}
	s.WriteString(" " + c.Ending.String())
	if c.Cause != 0 {
		fmt.Fprintf(&s, " %d", uint8(c.Cause))
	}
	if c.Transferred {
		s.WriteString(" transferred")
	}
	if c.Joined {
		s.WriteString(" joined")
	}
	if c.Inband {
		s.WriteString(" inband")
	}
	for _, n := range []q931.Number{c.Redirecting, c.DivertedTo, c.Connected, c.Party} {
		if n.Digits != "" {
			s.WriteString(" +" + n.Digits)
		}
	}
	return s.String()
}
