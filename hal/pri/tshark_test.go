package pri

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"linevault/hal/pri/q921"
	"linevault/hal/pri/q931"
)

// TestTshark reads every frame of every capture beside Wireshark's dissector.
func TestTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	fields := []string{
		"lapd.sapi", "lapd.tei", "lapd.control.n_s", "lapd.control.n_r", "q931.message_type", "q931.call_ref",
		"q931.call_ref_flag", "q931.channel.number", "q931.calling_party_number.digits",
		"q931.called_party_number.digits", "q931.connected_number.digits", "q931.cause_value",
		"q931.display_information", "q931.information_transfer_capability", "q931.presentation_ind",
	}
	args := []string{"-T", "fields", "-E", "separator=|", "-E", "occurrence=f"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	var all []heard
	for _, s := range scenarios(t) {
		all = append(all, load(t, s)...)
	}
	file := filepath.Join(t.TempDir(), "all.pcap")
	write(t, file, linkLinux, all)
	out, err := exec.CommandContext(t.Context(), "tshark", append(args, "-r", file)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	theirs := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	if len(theirs) != len(all) || len(all) < 1500 {
		t.Fatalf("tshark read %d frames of %d", len(theirs), len(all))
	}
	differ := 0
	for i, h := range all {
		if ours := describe(t, h.data); ours != theirs[i] && differ < 10 {
			t.Errorf("% x\nwe read      %s\ntshark reads %s", h.data, ours, theirs[i])
			differ++
		}
	}
}

// describe prints a frame as tshark prints the fields above.
func describe(t *testing.T, b []byte) string {
	t.Helper()
	f, err := q921.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	v := make([]string, 15)
	v[0], v[1] = strconv.Itoa(int(f.SAPI)), strconv.Itoa(int(f.TEI))
	if f.Kind == q921.I {
		v[2] = strconv.Itoa(int(f.NS))
	}
	if f.Numbered() {
		v[3] = strconv.Itoa(int(f.NR))
	}
	if f.Kind != q921.I {
		return strings.Join(v, "|")
	}
	m, err := q931.Parse(f.Info)
	if err != nil {
		t.Fatal(err)
	}
	v[4], v[5], v[6] = fmt.Sprintf("0x%02x", uint8(m.Type)), fmt.Sprintf("%04x", m.Ref), "0"
	if m.Flag {
		v[6] = "1"
	}
	if ch, ok := m.Channel(); ok {
		v[7] = strconv.Itoa(ch.Slot())
	}
	calling, called, connected := m.Number(q931.CallingNumber), m.Number(q931.CalledNumber), m.Number(q931.ConnectedNumber)
	v[8], v[9], v[10] = calling.Digits, called.Digits, connected.Digits
	if c, ok := m.Cause(); ok {
		v[11] = strconv.Itoa(int(c))
	}
	v[12] = m.Display()
	if b, ok := m.Bearer(); ok {
		v[13] = fmt.Sprintf("0x%02x", b.Transfer)
	}
	if calling.Presentation != q931.Absent {
		v[14] = fmt.Sprintf("0x%02x", uint8(calling.Presentation))
	} else if connected.Presentation != q931.Absent {
		v[14] = fmt.Sprintf("0x%02x", uint8(connected.Presentation))
	}
	return strings.Join(v, "|")
}
