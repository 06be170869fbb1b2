package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"linevault/daemon/account/clerk"
	"linevault/daemon/capture"
	"linevault/daemon/config"
	"linevault/daemon/health"
	"linevault/daemon/link"
	"linevault/hal/pri/card"
	"linevault/hal/pri/card/cardtest"
	"linevault/storage"
	"linevault/storage/ledger"
)

// tapped is a configuration of a whole circuit, but for one timeslot.
func tapped(without int) string {
	var b strings.Builder
	b.WriteString("[[card]]\nname = \"trunk\"\nkind = \"pri\"\nnetwork_span = 1\nuser_span = 2\n")
	b.WriteString("[[ddi]]\ndigits = \"0123\"\nnumber = \"020 7946 0123\"\nname = \"Council tax\"\ndepartment = \"Revenues\"\nclass = \"tax\"\n")
	b.WriteString("[[ddi]]\ndigits = \"2079460124\"\nlines = [\"Trunk 6\"]\nname = \"Closed\"\nrecord = \"no\"\n")
	for s := 1; s <= 31; s++ {
		if s != 16 && s != without {
			fmt.Fprintf(&b, "[[line]]\nname = \"Trunk %d\"\ncard = \"trunk\"\nchannels = [%d]\nhold_back = \"500ms\"\n", s, s)
		}
	}
	return b.String()
}

// record takes a capture through card, recorder and desk, and returns the calls and their entries.
func recordCircuit(t *testing.T, name, toml string) (rows map[storage.CallID]storage.Row, entries []ledger.Event) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	cfg, err := config.Parse("box.toml", []byte(toml))
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(err)
	check(storage.Create(dir, cfg.Classes()))
	board := health.NewBoard(slog.New(slog.DiscardHandler))
	w, err := storage.OpenWriter(dir, storage.WriterOptions{OnProblem: func(err error) { t.Error(err) }})
	check(err)
	calls, err := openAccount(dir, cfg, w, board)
	check(err)
	circuit := cardtest.New(cardtest.Silence, 1, 2)
	c := card.Config{Name: "trunk", Network: 1, User: 2, Device: circuit}
	var over atomic.Int32
	c.Over = func(o card.Over) {
		calls.over(cfg.Card[0], o)
		over.Add(1)
	}
	for _, l := range cfg.Line {
		c.Lines = append(c.Lines, card.LineConfig{ID: config.ID(l.Name), Timeslot: l.Channels[0]})
	}
	k, err := card.Open(c)
	check(err)
	src := k.Lines()
	var lines []*capture.Line
	for i, l := range cfg.Line {
		line, err := makeLine(cfg, l, src[i], w, board)
		check(err)
		line.Account = calls.book
		lines = append(lines, line)
	}
	r := &capture.Recorder{Writer: w, Health: board, Log: slog.New(slog.DiscardHandler), Commit: time.Second}
	r.Start(lines)
	truth, err := os.ReadFile(strings.TrimSuffix(name, ".pcap") + ".truth.jsonl")
	check(err)
	want := bytes.Count(truth, []byte(`"PRI_EVENT_RING"`))
	circuit.Speak(t, name, 1, 2)
	for end := time.Now().Add(time.Minute); int(over.Load()) < want && time.Now().Before(end); {
		time.Sleep(20 * time.Millisecond)
	}
	check(k.Close())
	calls.end()
	r.Wait()
	calls.book.Close()
	check(w.Close())

	s, err := storage.Open(dir, link.Dial(dir))
	check(err)
	defer s.Close()
	check(withBooks(dir, func(b *books) error {
		desk := clerk.New(dir, s, b.book, lineNames(cfg))
		for range 2 { // the second time there is nothing left to enter
			if _, err := desk.Enter(); err != nil {
				return err
			}
		}
		all, err := b.book.Events(0, b.book.Len())
		for _, e := range all {
			if e.Kind == clerk.Kind {
				entries = append(entries, e)
			}
		}
		for _, f := range desk.Day(entries[0].Data["day"]) {
			if f.Unexplained != 0 || f.Open != 0 {
				t.Errorf("%+v", f)
			}
		}
		return err
	}))
	page, err := s.Calls(storage.Query{Limit: 1000})
	check(err)
	rows = map[storage.CallID]storage.Row{}
	for _, row := range page.Rows {
		rows[row.ID] = row
	}
	if len(entries) != want {
		t.Errorf("%d entries, and libpri had %d calls", len(entries), want)
	}
	return rows, entries
}

// Captures of libpri's calls through card, recorder and desk: each call has one entry, which says
// what became of it, and is one call however often it was held or moved.
func TestClause_S1_1_EveryCallOfACircuit(t *testing.T) {
	for _, test := range []struct {
		name             string
		without          int // a timeslot that is no line
		recordings       int
		outcome, reason  string
		line, department string
		class            string
	}{
		{"answered_in", 0, 1, "recorded", "", "Council tax", "Revenues", "tax"},
		{"answered_in", 1, 1, "not by policy", "timeslot 1 is not a line", "Council tax", "Revenues", "tax"},
		{"answered_out", 0, 1, "recorded", "", "Trunk 2", "", "standard"},
		{"overlap_in_ddi", 0, 1, "recorded", "", "Council tax", "Revenues", "tax"},
		{"hold_retrieve", 0, 2, "recorded", "", "Council tax", "Revenues", "tax"},
		{"channel_negotiated", 0, 1, "recorded", "", "Trunk 25", "", "standard"},
		{"data_call", 0, 1, "not by policy", "data call", "", "", ""},
		{"congestion", 0, 1, "lost", "no timeslot: it was over before one was agreed", "Card trunk, no line", "", "standard"},
		{"no_answer_timeout", 0, 1, "not by policy", "calls for Closed are not recorded", "Closed", "", "standard"},
		{"thirty_calls", 0, 30, "recorded", "", "", "", ""},
	} {
		t.Run(fmt.Sprint(test.name, " ", test.without), func(t *testing.T) {
			t.Parallel()
			rows, entries := recordCircuit(t, filepath.Join("..", "hal", "pri", "testdata", test.name+".pcap"), tapped(test.without))
			if len(rows) != test.recordings {
				t.Errorf("%d recordings: %+v", len(rows), rows)
			}
			for _, e := range entries {
				if e.Data["outcome"] != test.outcome || e.Data["reason"] != test.reason {
					t.Errorf("entry %+v", e.Data)
				}
				ids := strings.Fields(e.Data["calls"])
				if len(ids) != test.recordings/len(entries) || len(slices.Compact(ids)) != len(ids) {
					t.Errorf("recordings %v", ids)
				}
				for _, id := range ids {
					r := rows[storage.CallID(id)]
					if r.Signalled != e.Data["key"] || test.line != "" && (r.Name != test.line || r.Department != test.department || r.Class != test.class) {
						t.Errorf("recording %+v", r)
					}
				}
			}
		})
	}
}
