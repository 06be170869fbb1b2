package q931

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

func message(t testing.TB, s string) Message {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	m, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestHeader(t *testing.T) {
	m := message(t, "08 02 8123 5a 08028190")
	if cause, ok := m.Cause(); !m.Flag || m.Ref != 0x123 || m.Type != ReleaseComplete || !ok || cause != 16 {
		t.Errorf("%+v", m)
	}
	if m := message(t, "08 01 85 62"); m.Ref != 5 || !m.Flag || m.Type != Facility {
		t.Errorf("one octet of reference: %+v", m)
	}
	if m := message(t, "08 00 62"); !m.Dummy {
		t.Errorf("no reference: %+v", m)
	}
	for in, other := range map[string]bool{"": false, "08": false, "0802": false, "080200": false, "08030000015a": false, "03020001": true, "0802000100": false} {
		b, err := hex.DecodeString(in)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(b); err == nil || errors.Is(err, ErrOtherProtocol) != other {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestNumbers(t *testing.T) {
	const setup = "08 02 0001 05 "
	for in, want := range map[string]Number{
		"6c 0c 21 81 31363332393630303031":      {"1632960001", National, PlanISDN, Allowed, VerifiedPassed, 0},
		"6c 0c 21 a3 31363332393630303035":      {"1632960005", National, PlanISDN, Restricted, NetworkProvided, 0},
		"6c 02 00 c3":                           {"", TypeUnknown, PlanUnknown, Unavailable, NetworkProvided, 0},
		"6c 02 00 a3":                           {"", TypeUnknown, PlanUnknown, Restricted, NetworkProvided, 0},
		"6c 04 91 333331":                       {"331", International, PlanISDN, Allowed, NotScreened, 0},
		"":                                      NoNumber,
		"6c 00":                                 NoNumber,
		"6c 03 21 01 02":                        NoNumber,
		"6c 02 00 c3 6c 05 21 83 313233":        {"123", National, PlanISDN, Allowed, NetworkProvided, 0},
		"6c 05 21 83 313233 6c 05 21 83 343536": {"123", National, PlanISDN, Allowed, NetworkProvided, 0},
		"96 6c 03 80 3939 6c 04 80 313233":      {"123", TypeUnknown, PlanUnknown, Allowed, NotScreened, 0},
		"6c 06 80 31 00 32 8a ff":               {"12", TypeUnknown, PlanUnknown, Allowed, NotScreened, 0},
	} {
		m := message(t, setup+in)
		if strings.HasPrefix(in, "96") { // locking shift to codeset 6: nothing of ours follows
			want = NoNumber
		}
		if got := m.Number(CallingNumber); got != want {
			t.Errorf("%s: %+v, not %+v", in, got, want)
		}
	}
	m := message(t, setup+"74 08 21 01 8f 3230373934")
	if got := m.Number(RedirectingNumber); got != (Number{"20794", National, PlanISDN, Allowed, VerifiedPassed, Unconditional}) {
		t.Errorf("redirecting: %+v", got)
	}
	m = message(t, setup+"9e 6c 03 80 3939 6c 04 80 313233")
	if got := m.Number(CallingNumber); got.Digits != "123" {
		t.Errorf("a shift of one element: %+v", got)
	}
	if long := message(t, "08 02 0001 05 70 c9 80"+strings.Repeat("31", 200)); len(long.Number(CalledNumber).Digits) != MaxDigits {
		t.Errorf("%d digits kept", len(long.Number(CalledNumber).Digits))
	}
}

func TestChannel(t *testing.T) {
	for in, want := range map[string]struct {
		slots []int
		Channel
	}{
		"a9 83 8c":          {[]int{12}, Channel{Exclusive: true}},
		"a1 83 99":          {[]int{25}, Channel{}},
		"a1 83 0c 8d":       {[]int{12, 13}, Channel{}},
		"a9 83 90":          {nil, Channel{Exclusive: true}}, // timeslot 16 is the D channel
		"a9 83 ff":          {nil, Channel{Exclusive: true}},
		"a9 93 80 00 00 02": {[]int{1, 31}, Channel{Exclusive: true}},
		"a3":                {nil, Channel{Any: true}},
		"a0":                {nil, Channel{}},
		"e9 80 83 81":       {[]int{1}, Channel{Exclusive: true, OtherSpan: true}},
		"89":                {[]int{1}, Channel{Exclusive: true}}, // basic rate, B1
		"82":                {[]int{2}, Channel{}},
		"ac":                {nil, Channel{Exclusive: true}}, // the D channel itself
		"a9 86 81":          {nil, Channel{Exclusive: true}}, // H0
	} {
		n := len(strings.ReplaceAll(in, " ", "")) / 2
		m := message(t, fmt.Sprintf("08 02 0001 02 18 %02x %s", n, in))
		got, ok := m.Channel()
		for _, s := range want.slots {
			want.Slots |= 1 << s
		}
		if !ok || got != want.Channel {
			t.Errorf("%s: %+v %v", in, got, ok)
		}
	}
	for _, in := range []string{"18 00", "18 01 a9", "18 01 a2"} {
		m := message(t, "08 02 0001 02 "+in)
		if c, ok := m.Channel(); ok {
			t.Errorf("%s: %+v", in, c)
		}
	}
}

func TestBearer(t *testing.T) {
	for in, want := range map[string]Media{
		"04 03 80 90 a3": Speech, "04 03 90 90 a3": Audio, "04 02 88 90": Data, "04 04 88 18 82 a3": Data,
		"04 03 91 90 a3": Audio, "04 03 91 90 a5": Data, "04 02 98 90": Data, "04 01 80": MediaUnknown, "": MediaUnknown,
		"04 03 e0 90 a3": Data, "d1 04 03 80 90 a3 04 02 88 90": Data,
	} {
		m := message(t, "08 02 0001 05 "+in)
		if b, _ := m.Bearer(); b.Media != want {
			t.Errorf("%s: %v, not %v", in, b.Media, want)
		}
	}
}

func TestSmallElements(t *testing.T) {
	m := message(t, "08 02 0001 05 1e 02 81 88 27 01 80 28 04 b1 414243 2c 02 3131 6d 05 80 50 303432 79 01 87 14 01 0a a1")
	n, notified := m.Notification()
	state, stated := m.CallState()
	if !m.Inband() || !notified || n != UserSuspended || m.Display() != "ABC" || m.Keypad() != "11" ||
		m.Subaddress(CallingSubaddr) != "042" || m.RestartClass() != RestartInterfaces || !stated || state != StateActive || !m.Complete() {
		t.Errorf("%+v", m)
	}
	m = message(t, "08 02 0001 45 08 03 81 80 91") // octet 3a, the recommendation, comes before the value
	if c, ok := m.Cause(); ok && c == 17 {
		t.Errorf("cause %v", c)
	}
	m = message(t, "08 02 0001 45 08 03 01 80 91")
	if c, ok := m.Cause(); !ok || c != 17 {
		t.Errorf("cause after octet 3a: %v %v", c, ok)
	}
	m = message(t, "08 02 0001 45 08 05 81 90 01")
	if !m.Cut || len(m.Body) != 0 {
		t.Errorf("cut off: %+v", m)
	}
}

// TestComponents reads the facilities that libpri sent in its scenarios, and broken ones.
func TestComponents(t *testing.T) {
	const facility = "08 02 8001 62 1c "
	one := func(in string) Component {
		t.Helper()
		m := message(t, facility+in)
		c := slices.Collect(m.Components())
		if len(c) != 1 {
			t.Fatalf("%s: %+v", in, c)
		}
		return c[0]
	}
	c := one("26 91 a123 020101 02010f 301b 020101 0a0101 a113a011a10f0a0102120a32303739343630313939")
	if n, ok := c.Redirecting(); !ok || c.Op != DivertingLegInfo2 || n.Digits != "2079460199" || n.Type != National || n.Reason != Unconditional {
		t.Errorf("diverting leg 2: %+v %+v", c, n)
	}
	c = one("24 91 a121 020101 020112 3019 0a0103 0a0102 a011a10f0a0102120a31363332393630303130")
	if n, ok := c.Target(); !ok || c.Op != DivertingLegInfo1 || n.Digits != "1632960010" {
		t.Errorf("diverting leg 1: %+v %+v", c, n)
	}
	c = one("45 91 a142 020101 02010e 303a 0a0104 3011a10f0a0102120a32303739343630313330 020101 400504038090a3 a113a011a10f0a0102120a32303739343630313233 a2030a0102")
	if n, ok := c.Target(); !ok || c.Op != CallRerouting || n.Digits != "2079460130" {
		t.Errorf("rerouting: %+v %+v", c, n)
	}
	c = one("26 91 a123 020103 060604008271 0105 3016 0a0101 a011a10f0a0102120a31363332393630303131")
	if n, ok := c.Target(); !ok || c.Op != TransferInform || n.Digits != "1632960011" {
		t.Errorf("transfer: %+v %+v", c, n)
	}
	c = one("13 91 a210 020101 300b 06060400827101 04 020101")
	if id, ok := c.LinkID(); !ok || c.Kind != Result || c.Op != LinkIDRequest || id != 1 || c.InvokeID != 1 {
		t.Errorf("link: %+v", c)
	}
	c = one("11 91 a10e 020102 06060400827101 01 020101")
	if id, ok := c.LinkID(); !ok || c.Op != ExplicitTransfer || id != 1 || c.InvokeID != 2 {
		t.Errorf("execute: %+v", c)
	}
	if c := one("06 91 a303 020107"); c.Kind != Failure || c.InvokeID != 7 {
		t.Errorf("error: %+v", c)
	}
	for _, in := range []string{"01 91", "03 91 a180", "04 92 a10100", "05 91 a1ff0201", "04 91 a10202", "06 91 a104 0205 0101", "08 91 bf8101 03020101"} {
		m := message(t, facility+in)
		for c := range m.Components() {
			t.Errorf("%s: %+v", in, c)
		}
	}
}

func TestNumberIsNotLogged(t *testing.T) {
	var b bytes.Buffer
	slog.New(slog.NewTextHandler(&b, nil)).Info("call", "far", Number{Digits: "1632960001"})
	if !strings.Contains(b.String(), "far=…01") {
		t.Error(b.String())
	}
}

func BenchmarkParse(b *testing.B) {
	all := captured(b)
	b.ReportAllocs()
	for b.Loop() {
		for _, m := range all {
			if _, err := Parse(m); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(all)), "ns/message")
}
