package web

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"linevault/daemon/auth"
	"linevault/daemon/control/controltest"
)

const password = "marmalade tuba hedgehog"

// site is the pages over TLS, with a call.
type site struct {
	*controltest.Box
	*server
	url, call string
	cert      string // of a line test
}

func open(t testing.TB) *site {
	t.Helper()
	s := &site{Box: controltest.New(t)}
	s.Board.Set(controltest.Lines())
	s.server = newServer(Config{
		Desk: s.Box.Desk, Version: "test",
		Branding: Branding{Council: "Example & <b>Borough</b>", Colour: "#00625e"},
	})
	s.paces = paces{recheck: 50 * time.Millisecond, look: 20 * time.Millisecond, retry: 20 * time.Millisecond}
	s.call = string(s.Record(t, controltest.Call{Line: "one", Start: time.Now().Add(-time.Hour), Length: 2 * time.Second, End: "hung up"}))
	s.cert = s.Certify(t, "council-tax")
	web := httptest.NewTLSServer(s.secure(s.mux()))
	t.Cleanup(web.Close)
	s.url = web.URL
	return s
}

// client is a browser that follows no redirect; with roles it has signed in.
func (s *site) client(t testing.TB, name string, roles ...auth.Role) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{
		Jar:           jar,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // the test server's own
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(c.CloseIdleConnections)
	if name == "" {
		return c
	}
	if err := s.Box.Accounts.Add(name, password, roles...); err != nil {
		t.Fatal(err)
	}
	a, body := s.post(t, c, "/sign-in", url.Values{"name": {name}, "password": {password}})
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("signing in as %s: %s\n%s", name, a.Status, body)
	}
	return c
}

func (s *site) do(t testing.TB, c *http.Client, method, path string, form url.Values, headers ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	a, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	limit := io.LimitReader(a.Body, 1<<20)
	if a.Header.Get("Content-Type") == "text/event-stream" {
		limit = io.LimitReader(a.Body, 30) // it would go on
	}
	body, err := io.ReadAll(limit)
	if err != nil {
		t.Fatal(err)
	}
	return a, string(body)
}

func (s *site) get(t testing.TB, c *http.Client, path string, headers ...string) (*http.Response, string) {
	t.Helper()
	return s.do(t, c, http.MethodGet, path, nil, headers...)
}

func (s *site) post(t testing.TB, c *http.Client, path string, form url.Values, headers ...string) (*http.Response, string) {
	t.Helper()
	return s.do(t, c, http.MethodPost, path, form, headers...)
}

var permitOf = regexp.MustCompile(`permit=([A-Z2-7]+)`)

func (s *site) permit(t testing.TB, c *http.Client) string {
	t.Helper()
	a, _ := s.post(t, c, "/calls/"+s.call+"/listen", url.Values{"purpose": {"quality"}})
	m := permitOf.FindStringSubmatch(a.Header.Get("Location"))
	if m == nil {
		return ""
	}
	return m[1]
}
