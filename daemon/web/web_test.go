package web

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"linevault/daemon/auth"
	"linevault/daemon/control"
)

// Every route with every role, and signed out: deny by default.
func TestEveryRouteWithEveryRole(t *testing.T) {
	s := open(t)
	people := []struct {
		name  string
		roles []auth.Role
	}{{"", nil}, {"nobody", []auth.Role{"caretaker"}}, {"carol", []auth.Role{auth.Supervisor, auth.Admin}}}
	for _, r := range auth.Roles {
		people = append(people, struct {
			name  string
			roles []auth.Role
		}{"with " + string(r), []auth.Role{r}})
	}
	for _, who := range people {
		as, c := control.Actor{Roles: who.roles}, s.client(t, who.name, who.roles...)
		for _, r := range Routes() {
			if r.Path == "/sign-out" || r.Path == "/assets/{name}" {
				continue // has a test of its own
			}
			path := strings.NewReplacer("{id}", s.call, "{line}", "council-tax", "{certificate}", s.cert, "{$}", "", "{name}", "nobody").Replace(r.Path)
			form := url.Values{"reason": {"Card payment"}}
			if strings.HasPrefix(r.Path, "/calls/{id}/") {
				form = url.Values{"permit": {s.permit(t, c)}, "purpose": {"quality"}, "format": {"wav"}}
			}
			if r.Path == "/events" {
				form = url.Values{"of": {"calls"}}
			}
			if r.Method == http.MethodGet {
				path += "?" + form.Encode()
			}
			a, body := s.do(t, c, r.Method, path, form)
			needs := r.Needs
			if r.Path == "/events" {
				needs = control.SeeCalls
			}
			switch {
			case r.Public:
				if a.StatusCode >= 500 || a.StatusCode == 401 || a.StatusCode == 403 {
					t.Errorf("%s %s by %q: %s", r.Method, r.Path, who.name, a.Status)
				}
			case who.name == "":
				if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "/sign-in") && !strings.HasPrefix(a.Header.Get("Location"), "/setup") {
					t.Errorf("%s %s signed out: %s to %q", r.Method, r.Path, a.Status, a.Header.Get("Location"))
				}
			case needs != "" && !as.May(needs):
				if a.StatusCode != http.StatusForbidden || strings.Contains(body, s.call) {
					t.Errorf("%s %s by %s: %s", r.Method, r.Path, who.name, a.Status)
				}
			case a.StatusCode == http.StatusUnprocessableEntity && r.Method == http.MethodPost: // an empty form of somebody who may send it
			case a.StatusCode == http.StatusConflict && strings.HasPrefix(r.Path, "/requests/"): // there is no such request
			case a.StatusCode == http.StatusConflict && strings.HasSuffix(r.Path, "/release"): // nothing of the call is in quarantine
			case a.StatusCode == http.StatusNotFound && strings.HasPrefix(r.Path, "/certificates/"): // nor certificate
			case a.StatusCode >= 400:
				t.Errorf("%s %s by %s: %s\n%s", r.Method, r.Path, who.name, a.Status, body)
			}
		}
	}
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	s := open(t)
	c := s.client(t, "asha", auth.Supervisor, auth.Admin)
	paths := []string{"/no/such/page", "/calls/nonsense", "/calls?from=x", "/assets/.keep"}
	for _, r := range Routes() {
		if r.Method == http.MethodGet {
			paths = append(paths, strings.NewReplacer("{id}", s.call, "{line}", "council-tax", "{certificate}", s.cert, "{$}", "", "{name}", "app.css").Replace(r.Path))
		}
	}
	seen := make(map[string]bool)
	for _, path := range paths {
		a, _ := s.get(t, c, path)
		csp := a.Header.Get("Content-Security-Policy")
		for _, part := range []string{"default-src 'self';", "object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'", "'nonce-"} {
			if !strings.Contains(csp, part) {
				t.Errorf("%s: the policy %q lacks %s", path, csp, part)
			}
		}
		if strings.Contains(csp, "unsafe") || seen[csp] {
			t.Errorf("%s: unsafe, or the same nonce twice: %q", path, csp)
		}
		seen[csp] = true
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Strict-Transport-Security": "max-age=31536000",
			"Cross-Origin-Opener-Policy": "same-origin",
		} {
			if got := a.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if cache := a.Header.Get("Cache-Control"); cache != "no-store" && !strings.HasPrefix(path, "/assets/") {
			t.Errorf("%s may be kept: %q", path, cache)
		}
	}
}

func TestCookieIsBoundToThisHost(t *testing.T) {
	s := open(t)
	if err := s.Box.Accounts.Add("asha", password, auth.Supervisor); err != nil {
		t.Fatal(err)
	}
	a, _ := s.post(t, s.client(t, ""), "/sign-in", url.Values{"name": {"asha"}, "password": {password}, "next": {"//evil.example/"}})
	if to := a.Header.Get("Location"); to != "/" {
		t.Errorf("sent to %q", to)
	}
	got := a.Header.Get("Set-Cookie")
	if !regexp.MustCompile(`^__Host-linevault=[\w-]{43}; Path=/; HttpOnly; Secure; SameSite=Strict$`).MatchString(got) {
		t.Errorf("cookie %q", got)
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	s := open(t)
	c := s.client(t, "asha", auth.Supervisor)
	a, body := s.post(t, c, "/calls/"+s.call+"/listen", url.Values{"purpose": {"quality"}}, "Sec-Fetch-Site", "cross-site")
	if a.StatusCode != http.StatusForbidden || !strings.Contains(body, "came from another site") {
		t.Errorf("%s\n%s", a.Status, body)
	}
	a, _ = s.post(t, c, "/sign-out", nil, "Origin", "https://evil.example")
	if a.StatusCode != http.StatusForbidden {
		t.Errorf("sign-out: %s", a.Status)
	}
	if a, _ := s.get(t, c, "/calls"); a.StatusCode != http.StatusOK {
		t.Errorf("signed out all the same: %s", a.Status)
	}
	for _, e := range s.Events(t) {
		if e.Kind == "play" {
			t.Error("it was written down as a play")
		}
	}
}

func TestHugeFormsAreRefused(t *testing.T) {
	s := open(t)
	c := s.client(t, "asha", auth.Supervisor)
	a, _ := s.post(t, c, "/calls/"+s.call+"/listen", url.Values{"purpose": {"quality"}, "reference": {strings.Repeat("x", 2*maxForm)}})
	if a.StatusCode < 400 || a.StatusCode >= 500 {
		t.Errorf("%s", a.Status)
	}
}

func TestNamesAreNotMarkup(t *testing.T) {
	s := open(t)
	_, body := s.get(t, s.client(t, "<i>asha</i>", auth.Supervisor), "/calls?number=%22%3E%3Cscript%3E")
	if strings.Contains(body, "<b>") || strings.Contains(body, "<i>") || strings.Contains(body, "\"><script>") {
		t.Error("what people typed became markup")
	}
}

func TestPagesWorkWithoutBuiltAssets(t *testing.T) {
	var log bytes.Buffer
	s := open(t)
	c := s.client(t, "asha", auth.Supervisor)
	s.assets = readAssets(fstest.MapFS{"dist/.keep": {}})
	a, body := s.get(t, c, "/calls")
	if a.StatusCode != http.StatusOK || strings.Contains(body, "stylesheet") || strings.Contains(body, "<script") {
		t.Errorf("%s\n%s", a.Status, body)
	}
	if a, _ := s.get(t, c, "/assets/app.css"); a.StatusCode != http.StatusNotFound {
		t.Errorf("a style sheet that is not there: %s", a.Status)
	}
	plain := newServer(Config{Desk: s.Box.Desk, Log: slog.New(slog.NewTextHandler(&log, nil)), Branding: Branding{Colour: "red;}"}})
	if plain.Branding.Colour != "#1d70b8" || !strings.Contains(log.String(), "#rrggbb") {
		t.Errorf("colour %q, log %s", plain.Branding.Colour, log.String())
	}
}

func TestPanicBecomesAPage(t *testing.T) {
	var log bytes.Buffer
	s := open(t)
	s.Log = slog.New(slog.NewTextHandler(&log, nil))
	w := httptest.NewRecorder()
	s.secure(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a bug") })).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), "Recording does not need these pages") || !strings.Contains(log.String(), "a bug") {
		t.Errorf("%d %s\n%s", w.Code, w.Body, log.String())
	}
	if strings.Contains(w.Body.String(), "a bug") {
		t.Error("the reader is told the bug")
	}
}
