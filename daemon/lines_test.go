package main

import (
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"

	"linevault/daemon/config"
	"linevault/daemon/health"
	"linevault/hal"
	"linevault/storage"
)

// A box whose only card has no driver does not start, and says in one sentence what to do.
func TestCardWithoutDriver(t *testing.T) {
	if _, err := os.Stat("/dev/dahdi"); err == nil {
		t.Skip("this machine has the driver")
	}
	cfg, err := config.Parse("box.toml", []byte(`
[[card]]
name = "isdn"
kind = "pri"
network_span = 1
user_span = 2

[[line]]
name = "Housing"
card = "isdn"
channels = [1]
`))
	if err != nil {
		t.Fatal(err)
	}
	_, err = openCards(cfg, health.NewBoard(slog.New(slog.DiscardHandler)), nil)
	if e, is := errors.AsType[*hal.CardError](err); !is || e.Card != "isdn" || !strings.HasPrefix(e.Hint, "load it with modprobe dahdi") {
		t.Errorf("%v, want what to load", err)
	}
}

// The memory covers a minute of all lines, however many.
func TestBacklog(t *testing.T) {
	for lines, atLeast := range map[int]int64{1: storage.Backlog, 120: 120 * 60 * 2 * 16000 / 8, 1000: 1000 * 60 * 2 * 16000 / 8} {
		if got := backlog(lines); got < atLeast*5/4 && got != storage.Backlog || got < atLeast {
			t.Errorf("%d lines: %d bytes, a minute of them is %d", lines, got, atLeast)
		}
	}
}
