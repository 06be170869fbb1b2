package syslog

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"linevault/daemon/syslog/syslogtest"
)

// form is a message of RFC 5424 without structured data.
var form = regexp.MustCompile(`^<(\d{1,3})>1 (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) ([!-~]{1,255}) ([!-~]{1,48}) ([!-~]{1,128}) ([!-~]{1,32}) - (.*)$`)

func TestSend(t *testing.T) {
	server := syslogtest.New(t)
	s, err := New(server.Address, server.CA)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 22, 4, 5, 6, 7000, time.UTC)
	messages := []Message{
		{At: at, Host: "box 1", App: "linevault", PID: 42, ID: "checkpoint", Text: "size=1 ünïcode"},
		{At: at, Text: "two\nlines\x00" + strings.Repeat("x", 3000)},
		{At: at, Host: "h", App: strings.Repeat("a", 60), ID: "é", Text: ""},
	}
	if err := s.Send(t.Context(), messages); err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"109", "2026-11-22T04:05:06.000007Z", "box1", "linevault", "42", "checkpoint", "size=1 ünïcode"},
		{"109", "2026-11-22T04:05:06.000007Z", "-", "-", "-", "-", "two lines " + strings.Repeat("x", 3000)},
		{"109", "2026-11-22T04:05:06.000007Z", "h", strings.Repeat("a", 48), "-", "-", ""},
	}
	frames := <-server.Got
	if len(frames) != len(want) {
		t.Fatalf("%q", frames)
	}
	for i, f := range frames {
		if m := form.FindStringSubmatch(f); m == nil || !reflect.DeepEqual(m[1:], want[i]) {
			t.Errorf("%q", f)
		}
	}
}

// TestStranger: nothing is sent to a server that somebody else's authority vouches for.
func TestStranger(t *testing.T) {
	server := syslogtest.New(t)
	s, err := New(server.Address, syslogtest.New(t).CA)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), []Message{{Text: "secret"}}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Error(err)
	}
	for _, f := range <-server.Got {
		if strings.Contains(f, "secret") {
			t.Error("the stranger has it")
		}
	}
}

func TestAuthorityFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.pem")
	if _, err := New("logs.example.gov.uk", file); err == nil {
		t.Error("a file that is not there")
	}
	if err := os.WriteFile(file, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New("logs.example.gov.uk", file); err == nil || !strings.Contains(err.Error(), "PEM") {
		t.Error(err)
	}
	if s, err := New("logs.example.gov.uk", ""); err != nil || s.Address != "logs.example.gov.uk:6514" {
		t.Error(s, err)
	}
}
