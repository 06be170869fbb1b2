package notary

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"linevault/daemon/control/controltest"
	"linevault/daemon/link"
	"linevault/daemon/syslog"
	"linevault/daemon/syslog/syslogtest"
	"linevault/storage"
	"linevault/storage/checkpoint"
	"linevault/storage/disclosure"
	"linevault/storage/evidence"
	"linevault/storage/ledger"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// start runs a notary on a box; stop ends it in good order.
func start(t *testing.T, b *controltest.Box, server *syslogtest.Server) (list *evidence.Checkpoints, stop func()) {
	t.Helper()
	store, err := storage.Open(b.Dir, link.Dial(b.Dir))
	must(t, err)
	list, err = evidence.OpenCheckpoints(b.Dir, [32]byte{3}, b.Ledger)
	must(t, err)
	to, err := syslog.New(server.Address, server.CA)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		Run(ctx, Config{
			Dir: b.Dir, Store: store, Register: evidence.New(store, b.Ledger), Checkpoints: list, To: to,
			Log: slog.New(slog.DiscardHandler), Look: 5 * time.Millisecond, Sign: 10 * time.Millisecond, Retry: 20 * time.Millisecond,
		})
	}()
	return list, func() {
		cancel()
		<-done
		store.Close()
		must(t, list.Close())
	}
}

var form = regexp.MustCompile(`^<109>1 \S+ \S+ linevault \d+ checkpoint - ledger checkpoint origin=(\S+) size=(\d+) root=([0-9a-f]{64}) at=\S+ note=(\S+)$`)

// TestOffTheBox: recordings are entered and signed, and every checkpoint reaches a real TLS
// server, although it refuses the first tries and the desk is started again in between. Each
// contains the one before.
func TestOffTheBox(t *testing.T) {
	b := controltest.New(t)
	server := syslogtest.New(t)
	server.Refuse(3)
	list, stop := start(t, b, server)
	public := list.PublicKey()
	var got []checkpoint.Checkpoint
	collect := func(until int64) {
		t.Helper()
		for len(got) == 0 || got[len(got)-1].Tree.N < until {
			select {
			case frames := <-server.Got:
				for _, f := range frames {
					m := form.FindStringSubmatch(f)
					if m == nil {
						t.Fatalf("%q", f)
					}
					signed, err := base64.StdEncoding.DecodeString(m[4])
					must(t, err)
					c, err := checkpoint.Open(signed, public)
					must(t, err)
					if m[1] != public.Name() || m[2] != fmt.Sprint(c.Tree.N) || m[3] != fmt.Sprintf("%x", c.Tree.Hash[:]) {
						t.Errorf("%q carries %+v", f, c)
					}
					got = append(got, c)
				}
			case <-time.After(2 * time.Minute):
				t.Fatalf("only %d came", len(got))
			}
		}
	}
	b.Demo(t)
	collect(5)
	stop()
	_, err := b.Ledger.Append(ledger.Event{Kind: "test"})
	must(t, err)
	_, stop = start(t, b, server)
	collect(6)
	stop()
	// At least once: those whose receipt a restart forgot come again, and none is left out.
	again := got
	got = nil
	for _, c := range again {
		if !slices.Contains(got, c) {
			got = append(got, c)
		}
	}
	var want []checkpoint.Checkpoint
	list, err = evidence.OpenCheckpoints(b.Dir, [32]byte{3}, b.Ledger)
	must(t, err)
	all, _, err := list.After(0, 1000)
	must(t, errors.Join(err, list.Close()))
	for _, signed := range all {
		c, err := checkpoint.Open(signed, public)
		must(t, err)
		want = append(want, c)
	}
	if !slices.Equal(got, want) {
		t.Errorf("sent %+v\nsigned %+v", got, want)
	}
	recordings := 0
	for _, e := range b.Events(t) {
		if e.Kind == disclosure.Kind {
			recordings++
		}
	}
	if recordings != 5 {
		t.Errorf("%d recordings in the ledger", recordings)
	}
	for i := 1; i < len(got); i++ {
		now, before := got[i].Tree, got[i-1].Tree
		if before.N == 0 {
			continue // everything contains nothing
		}
		p, err := b.Ledger.ProveTree(now.N, before.N)
		must(t, err)
		if err := tlog.CheckTree(p, now.N, now.Hash, before.N, before.Hash); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
}
