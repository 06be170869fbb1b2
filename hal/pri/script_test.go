package pri

import (
	"strings"
	"testing"
)

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
