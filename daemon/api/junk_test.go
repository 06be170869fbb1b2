package api

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/link"
)

// from is a client at an address of this machine's own. It believes any certificate.
func from(address string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		DialContext:     (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}).DialContext,
	}}
}

// junk sends one thing that no terminal should, and says what it was answered.
func junk(ctx context.Context, c *http.Client, url string, r *rand.Rand) (int, error) {
	methods := []string{"PUT", "POST", "DELETE", "GET", "PATCH", "OPTIONS"}
	paths := []string{
		"/v1/lines/housing/pause", "/v1/lines/parking/pause", "/v1/lines/other/pause", "/v1/calls/current/pause", "/v1/calls/x/pause",
		"/v1/lines/../pause", "/v1/lines/%00/pause", "/", "/v1/heartbeat", "/v2/lines/housing/pause", "/v1/lines/" + strings.Repeat("x", 2000) + "/pause",
	}
	bodies := []string{"", "{", `{"max_seconds": -1}`, `{"from": "1 year ago"}`, "\x00\xff", strings.Repeat("[", 5000), strings.Repeat("x", maxBody+1)}
	tokens := []string{"", "Bearer ", "Bearer " + token + "x", "Basic abc", "Bearer " + strings.Repeat("y", 3000), "Bearer " + clumsy}
	method, body, shown := methods[r.IntN(len(methods))], bodies[r.IntN(len(bodies))], tokens[r.IntN(len(tokens))]
	if shown == "Bearer "+clumsy && method == "DELETE" {
		method = "PUT" // this one's token is good: a resume would be right, and nothing was paused by it
	}
	if shown == "Bearer "+clumsy && body == "" {
		body = "{" // and so would a pause be without a body
	}
	q, err := http.NewRequestWithContext(ctx, method, url+paths[r.IntN(len(paths))], strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	if shown != "" {
		q.Header.Set("Authorization", shown)
	}
	a, err := c.Do(q)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, a.Body)
	return a.StatusCode, errors.Join(err, a.Body.Close())
}

// clumsy is the token of a terminal that never gets a request right.
const clumsy = "lvt_of_till_2"

// A thousand requests a second of junk, from strangers and from a terminal that gets nothing
// right, and connections that say nothing, over TLS: they change nothing, and a good terminal
// is answered all the while. How many there were is printed, and decides nothing.
func TestJunkWhilePausing(t *testing.T) {
	const perSecond, senders = 1000, 8
	lasting := 3 * time.Second
	if testing.Short() {
		lasting = time.Second
	}
	b := newBox(t, till, Terminal{Name: "till 2", Token: sha256.Sum256([]byte(clumsy)), Lines: []pcm.LineID{"housing"}})
	s := httptest.NewUnstartedServer(b.api.Handler())
	s.Listener = Bound(s.Listener)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Config.ReadHeaderTimeout, s.Config.MaxHeaderBytes = time.Minute, 16<<10
	s.StartTLS()
	t.Cleanup(s.Close)
	b.url, b.client = s.URL, from("127.0.0.1")

	ctx, stop := context.WithCancel(t.Context())
	var sending sync.WaitGroup
	var sent, broken, accepted atomic.Int64
	for i := range senders {
		sending.Go(func() {
			c, r := from(fmt.Sprintf("127.0.0.%d", 2+i)), rand.New(rand.NewPCG(uint64(i), 3))
			for tick := time.NewTicker(time.Second * senders / perSecond); ctx.Err() == nil; <-tick.C {
				status, err := junk(ctx, c, b.url, r)
				sent.Add(1)
				if err != nil {
					broken.Add(1)
				} else if status == http.StatusOK {
					accepted.Add(1)
				}
			}
			c.CloseIdleConnections()
		})
	}
	sending.Go(func() { // one who opens connections and says nothing, or something else than TLS
		for ctx.Err() == nil {
			d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 99)}}
			if c, err := d.DialContext(ctx, "tcp", s.Listener.Addr().String()); err == nil {
				_, _ = fmt.Fprintf(c, "PAUSE EVERYTHING\r\n\r\n") // it may be closed already
				defer c.Close()
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
	asked := 0
	for end := time.Now().Add(lasting); time.Now().Before(end) || asked < 4; asked++ {
		method, want := "PUT", link.Paused
		if asked%2 == 1 {
			method, want = "DELETE", link.Recording
		}
		k := b.ask(method, "/v1/lines/parking/pause", "")
		if k.status != http.StatusOK || k.State != want {
			t.Fatalf("%s amid junk: %d %s", method, k.status, k.raw)
		}
		for _, id := range []pcm.LineID{"housing", "other"} {
			if s := b.lineState(id); s.State != link.Recording || len(s.PausedBy) != 0 {
				t.Fatalf("junk changed %s: %+v", id, s)
			}
		}
		time.Sleep(50 * time.Millisecond) // a terminal's allowance
	}
	stop()
	sending.Wait()
	if s := b.lineState("parking"); len(s.PausedBy) != asked%2 {
		t.Errorf("after all that parking is paused by %v", s.PausedBy)
	}
	t.Logf("%d requests of junk, %d of them not answered, %d of them harmless questions that were; %d good ones, all answered",
		sent.Load(), broken.Load(), accepted.Load(), asked)
	if sent.Load() == 0 {
		t.Error("no junk was sent")
	}
}
