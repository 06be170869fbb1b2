package api

import (
	"bytes"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// When terminals last asked outlasts the recorder, and cannot be read on the disk.
func TestUsesOutlastTheRecorder(t *testing.T) {
	dir, key := t.TempDir(), bytes.Repeat([]byte{7}, 32)
	open := func(key []byte) (*API, error) {
		u, err := OpenUses(dir, key)
		return Open(Settings{Uses: u, Log: slog.New(slog.DiscardHandler), Terminals: []Terminal{{Name: "till 1"}, {Name: "till 2"}}}), err
	}
	a, err := open(key)
	if err != nil || !a.terminals[0].lastUsed().IsZero() {
		t.Fatalf("%v, %v", a.terminals[0].lastUsed(), err)
	}
	a.keepUses()
	path := filepath.Join(dir, "terminals")
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("nothing was used, and there is a file: %v", err)
	}
	at, from := time.Now().Add(-time.Hour).UTC().Round(0), netip.MustParseAddr("192.0.2.7")
	a.terminals[0].used.Store(at.UnixNano())
	a.terminals[0].from.Store(&from)
	a.keepUses()
	text, err := os.ReadFile(path)
	if err != nil || bytes.Contains(text, []byte("till")) || bytes.Contains(text, []byte("192.0.2.7")) || bytes.Contains(text, []byte(`"at"`)) {
		t.Fatalf("on disk it is %q, %v", text, err)
	}
	a, err = open(key)
	if k := a.Known(); err != nil || !k[0].LastUsed.Equal(at) || k[0].LastFrom != "192.0.2.7" || !k[1].LastUsed.IsZero() {
		t.Errorf("%+v, %v", k, err)
	}
	a.keepUses()
	if again, err := os.ReadFile(path); err != nil || !bytes.Equal(again, text) {
		t.Errorf("nothing has changed, and it was written again: %v", err)
	}
	// A file of another recorder's is begun anew.
	a, err = open(bytes.Repeat([]byte{8}, 32))
	if err == nil || !strings.Contains(err.Error(), path) || !a.terminals[0].lastUsed().IsZero() {
		t.Errorf("%v, %v", a.terminals[0].lastUsed(), err)
	}
}

// A terminal that asked long before the recorder was started has not been silent since.
func TestHeartbeatAfterARestart(t *testing.T) {
	board := alarms{}
	a := Open(Settings{Health: board, Terminals: []Terminal{{Name: "till 1", Heartbeat: time.Minute}}})
	began := time.Now()
	a.terminals[0].used.Store(began.Add(-time.Hour).UnixNano())
	a.heartbeats(began, began.Add(50*time.Second))
	if len(board) > 0 {
		t.Errorf("alarms %v", board)
	}
	a.heartbeats(began, began.Add(70*time.Second))
	if len(board) != 1 {
		t.Errorf("alarms %v", board)
	}
}
