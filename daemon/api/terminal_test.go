package api

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/health"
	"linevault/daemon/link"
)

func TestWhoMayAsk(t *testing.T) {
	with := func(name string, change func(*Terminal)) Terminal {
		k := till
		k.Name = name
		change(&k)
		return k
	}
	for _, r := range []struct {
		terminal Terminal
		token    string
		status   int
		says     string
	}{
		{till, "", 401, "Send the terminal's token"},
		{till, "Bearer no", 401, "not known"},
		{till, "Basic " + token, 401, "Send"},
		{till, "Bearer ", 401, "not known"},
		{till, "Bearer " + token, 200, ""},
		{with("old", func(k *Terminal) { k.Expires = time.Now().Add(-time.Hour) }), "Bearer " + token, 401, "expired"},
		{with("not old", func(k *Terminal) { k.Expires = time.Now().Add(time.Hour) }), "Bearer " + token, 200, ""},
		{with("elsewhere", func(k *Terminal) { k.From = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")} }), "Bearer " + token, 403, "address"},
		{with("here", func(k *Terminal) { k.From = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }), "Bearer " + token, 200, ""},
		{with("certificate", func(k *Terminal) { k.Certificate = "till-1" }), "Bearer " + token, 401, "certificate"},
		{with("nothing", func(k *Terminal) { k.Token = [32]byte{} }), "", 401, "Send"},
	} {
		a := Open(Settings{Recorder: deaf{}, Terminals: []Terminal{r.terminal}})
		q := httptest.NewRequestWithContext(t.Context(), "GET", "/v1/terminal", nil)
		q.RemoteAddr = "127.0.0.1:4000"
		if r.token != "" {
			q.Header.Set("Authorization", r.token)
		}
		w := httptest.NewRecorder()
		a.Handler().ServeHTTP(w, q)
		if w.Code != r.status || !strings.Contains(w.Body.String(), r.says) {
			t.Errorf("%s with %q: %d %s, want %d", r.terminal.Name, r.token, w.Code, w.Body, r.status)
		}
		if used := !a.Known()[0].LastUsed.IsZero(); used != (r.status == 200) {
			t.Errorf("%s: last used is set: %v", r.terminal.Name, used)
		}
	}
}

// A terminal with a certificate needs no token; a certificate of another CA is nobody's.
func TestMutualTLS(t *testing.T) {
	ca, other := newCA(t), newCA(t)
	k := till
	k.Token, k.Certificate = [32]byte{}, "till-1"
	b := newBox(t, k)
	s := httptest.NewUnstartedServer(b.api.Handler())
	s.TLS = &tls.Config{ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: ca.pool}
	s.StartTLS()
	defer s.Close()
	b.url = s.URL
	for _, r := range []struct {
		cert   *tls.Certificate
		status int // 0 if the handshake fails
	}{
		{ca.sign(t, "till-1"), 200},
		{ca.sign(t, "till-2"), 401},
		{nil, 401},
		{other.sign(t, "till-1"), 0},
	} {
		transport := s.Client().Transport.(*http.Transport).Clone()
		if r.cert != nil {
			transport.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return r.cert, nil }
		}
		b.client = &http.Client{Transport: transport}
		if r.status != 0 {
			b.want(r.status, "PUT", "/v1/lines/parking/pause", "", "Authorization", "")
		} else if a, err := b.client.Get(b.url + "/v1/openapi.json"); err == nil {
			a.Body.Close()
			t.Error("a certificate of another CA was let in")
		}
		transport.CloseIdleConnections()
	}
}

type ca struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

func newCA(t *testing.T) *ca {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &ca{key: key, pool: x509.NewCertPool()}
	like := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tills"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, like, like, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if c.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	c.pool.AddCert(c.cert)
	return c
}

func (c *ca) sign(t *testing.T, name string) *tls.Certificate {
	t.Helper()
	like := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, like, c.cert, c.key.Public(), c.key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: c.key}
}

// A thousand requests of junk change nothing, and a terminal is answered all the while.
func TestJunkChangesNothing(t *testing.T) {
	b := newBox(t)
	before := b.recorder.Status().Lines
	b.client.Transport = &http.Transport{MaxIdleConnsPerHost: 8}
	refused := map[int]int{}
	for i := range 1000 {
		path := [...]string{"/v1/lines/parking/pause", "/v1/calls/current/pause?line=parking", "/v1/heartbeat"}[i%3]
		k := b.ask([...]string{"PUT", "DELETE", "POST", "GET"}[i%4], path, `{"arm": true}`, "Authorization", fmt.Sprintf("Bearer junk %d", i))
		refused[k.status]++
		if k.status == http.StatusTooManyRequests {
			if s, err := strconv.Atoi(k.header.Get("Retry-After")); err != nil || s < 1 {
				t.Fatalf("Retry-After is %q", k.header.Get("Retry-After"))
			}
		}
		if i%100 == 50 {
			b.want(200, "GET", "/v1/lines/parking", "")
		}
	}
	if refused[200] != 0 || refused[429] < 500 || refused[401] == 0 {
		t.Errorf("answers by status: %v", refused)
	}
	for i, s := range b.recorder.Status().Lines {
		if s.State != before[i].State || s.Call != before[i].Call || len(s.PausedBy) != 0 {
			t.Errorf("junk changed %+v to %+v", before[i], s)
		}
	}
	b.want(200, "PUT", "/v1/lines/parking/pause", "")
}

func TestTerminalThatAsksTooOften(t *testing.T) {
	a := newAllowance(rate{perSecond: 2, atOnce: 3})
	now := time.Now()
	for range 3 {
		if _, ok := a.take(now); !ok {
			t.Fatal("refused too early")
		}
	}
	if wait, ok := a.take(now); ok || wait != 500*time.Millisecond {
		t.Errorf("the fourth at once: %v, wait %v", ok, wait)
	}
	if _, ok := a.take(now.Add(500 * time.Millisecond)); !ok {
		t.Error("refused after the wait it was told")
	}
}

func TestStrangersAreBounded(t *testing.T) {
	s, now := newStrangers(), time.Now()
	for i := range 3 * maxStrangers {
		s.take(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), now)
	}
	if len(s.of) > maxStrangers {
		t.Errorf("%d addresses are remembered", len(s.of))
	}
	s.take(netip.MustParseAddr("2001:db8::1"), now.Add(time.Minute)) // the others have rested
	s.take(netip.MustParseAddr("2001:db8::2"), now.Add(time.Minute))
	if len(s.of) != 1 {
		t.Errorf("%d addresses are remembered after a rest, want one network", len(s.of))
	}
}

func TestConnectionsAreBounded(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := Bound(inner)
	defer l.Close()
	accepted := make(chan net.Conn, 2*maxOfAddress)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- c
		}
	}()
	var conns []net.Conn
	for range maxOfAddress + 5 {
		c, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns = append(conns, c)
	}
	// The last was closed at once; once another is closed there is room.
	last := conns[len(conns)-1]
	_ = last.SetReadDeadline(time.Now().Add(10 * time.Second)) // it has one
	if _, err := last.Read(make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("a connection too many stays open: %v", err)
	}
	first := <-accepted
	_ = first.Close() // what is said on it is of no matter
	_ = first.Close() // and it counts once
	c, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range maxOfAddress {
		<-accepted
	}
}

func TestLostHeartbeatIsAnAlarmAndThePauseStays(t *testing.T) {
	k := till
	k.Heartbeat = 10 * time.Second
	b := newBox(t, k)
	b.want(200, "PUT", "/v1/lines/parking/pause", "")
	began := time.Now().Add(-time.Hour)
	heard := func() time.Time { return b.api.Known()[0].LastUsed }
	alarms := func() []health.Alarm { // but for a pause that came too late, because this machine is busy
		return slices.DeleteFunc(b.board.Alarms(), func(a health.Alarm) bool { return !strings.HasPrefix(a.Key, "heartbeat ") })
	}
	b.api.heartbeats(began, heard().Add(9*time.Second))
	if a := alarms(); len(a) != 0 {
		t.Errorf("alarms %v", a)
	}
	b.api.heartbeats(began, heard().Add(11*time.Second))
	if a := alarms(); len(a) != 1 || !strings.Contains(a[0].Text, "till 1") {
		t.Errorf("alarms %v", a)
	}
	if s := b.ask("GET", "/v1/lines/parking", ""); s.State != link.Paused {
		t.Errorf("the pause did not stay: %s", s.raw)
	}
	b.want(200, "PUT", "/v1/heartbeat", "")
	b.api.heartbeats(began, heard().Add(5*time.Second))
	if a := alarms(); len(a) != 0 {
		t.Errorf("alarms after it was heard: %v", a)
	}
}

func TestSelfIsTold(t *testing.T) {
	k := till
	k.Expires = time.Now().Add(time.Hour)
	b := newBox(t, k)
	asked := time.Now()
	b.want(200, "GET", "/v1/terminal", "")
	s := b.api.Known()[0]
	if s.Name != "till 1" || s.LastUsed.Before(asked.Round(0)) || s.LastUsed.After(time.Now()) || !s.Expires.Equal(k.Expires) || !slices.Equal(s.Lines, []pcm.LineID{"parking", "housing", "quiet"}) {
		t.Errorf("told %+v", s)
	}
}
