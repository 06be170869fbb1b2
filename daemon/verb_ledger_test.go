package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"linevault/daemon/syslog/syslogtest"
)

// A box enters its calls in the ledger, signs it, and sends what it signed to its server.
func TestLedgerLeavesTheBox(t *testing.T) {
	server := syslogtest.New(t)
	_, toml := scripts(t, 1, 3)
	b := newBox(t, fmt.Sprintf("[syslog]\naddress = %q\nca = %q\n%s", server.Address, server.CA, toml))
	b.start("run")
	select {
	case frames := <-server.Got:
		if len(frames) == 0 || !strings.Contains(frames[0], " checkpoint - ledger checkpoint origin=linevault/") {
			t.Errorf("%q", frames)
		}
	case <-time.After(60 * time.Second):
		t.Fatal("no checkpoint came")
	}
	b.await("a call to be entered", func() bool {
		return strings.Contains(must(t, "ledger", "report", "--data", b.dir), "  recording  by the box  call ")
	})
	report := must(t, "ledger", "report", "--data", b.dir)
	status := must(t, "ledger", "status", "--data", b.dir)
	_, key, _ := strings.Cut(status, "public key:   ")
	key, _, _ = strings.Cut(key, "\n")
	if name, _, _ := strings.Cut(key, "+"); name == "" || !strings.Contains(report, "\n\n— "+name+" ") || !strings.Contains(report, key) {
		t.Errorf("report %s\nstatus %s", report, status)
	}
	if old := must(t, "ledger", "report", "--data", b.dir, "--day", "2020-02-29"); !strings.Contains(old, "\n0 entries.\n") {
		t.Error(old)
	}
	// What the command line does has its time, too.
	b.sound(string(b.calls()[0].ID))
	if report := must(t, "ledger", "report", "--data", b.dir); !strings.Contains(report, "  export  by command line: ") || strings.Contains(report, "--:--:--") {
		t.Error(report)
	}
	b.check()
}
