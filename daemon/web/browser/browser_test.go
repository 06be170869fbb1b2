// Package browser drives the pages with a real browser, on a real desk and a real store.
package browser

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"linevault/daemon/auth"
	"linevault/daemon/control/controltest"
	"linevault/daemon/link"
	"linevault/daemon/web"
)

const password = "marmalade tuba hedgehog"

// site is a desk's pages over TLS.
type site struct {
	*controltest.Box
	url  string
	code chan string
	log  *bytes.Buffer
	hush atomic.Bool // the recorder of a locked desk does not answer
}

func open(t *testing.T) *site {
	t.Helper()
	t.Parallel()
	needs(t)
	controltest.OneDay(t)
	s := &site{Box: controltest.New(t), code: make(chan string, 1), log: new(bytes.Buffer)}
	s.Board.Set(controltest.Lines())
	go s.Accounts.RunSetUp(t.Context(), func(code string, _ time.Time) { s.code <- code })
	cert, err := auth.OpenCertificate(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(web.New(web.Config{
		Desk: s.Desk, Version: "test", Log: slog.New(slog.NewTextHandler(s.log, nil)),
		Branding: web.Branding{Council: "Example Borough Council", Service: "Call recordings", Colour: "#00625e"},
	}))
	server.TLS = cert.Config()
	server.EnableHTTP2 = true
	server.Config.ReadHeaderTimeout = time.Minute // and no limit for an answer, as the desk has none
	server.Config.ErrorLog = slog.NewLogLogger(slog.NewTextHandler(s.log, nil), slog.LevelDebug)
	server.StartTLS()
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// needs skips where the browser cannot run, and says so loudly.
func needs(t *testing.T) {
	t.Helper()
	missing := func(what string) { t.Skipf("NOT TESTED IN A BROWSER: %s is missing; `make test` installs it", what) }
	if _, err := exec.LookPath("node"); err != nil {
		missing("node")
	}
	if _, err := os.Stat("/usr/bin/chromium"); err != nil {
		missing("chromium")
	}
	if _, err := os.Stat("../assets/node_modules/playwright-core"); errors.Is(err, fs.ErrNotExist) {
		missing("the npm package playwright-core")
	}
	if _, err := os.Stat("../dist/app.js"); errors.Is(err, fs.ErrNotExist) {
		missing("the pages' built script")
	}
}

// run runs a script of this folder, and does what it asks for on the way. Set LINEVAULT_SHOTS
// to a folder to keep the pictures of the pages.
func (s *site) run(t *testing.T, script string) {
	t.Helper()
	shots := os.Getenv("LINEVAULT_SHOTS")
	if shots == "" {
		shots = t.TempDir()
	}
	cmd := exec.CommandContext(t.Context(), "node", script)
	cmd.Env = append(os.Environ(), "LINEVAULT_URL="+s.url, "LINEVAULT_PASSWORD="+password, "LINEVAULT_SHOTS="+shots)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	last := ""
	for lines := bufio.NewScanner(out); lines.Scan(); {
		last = lines.Text()
		if what, asks := strings.CutPrefix(last, "ask "); asks {
			fmt.Fprintln(in, s.answer(t, what))
			continue
		}
		t.Log(last)
	}
	if err := cmd.Wait(); err != nil || last != "done" {
		t.Errorf("%s: %v\n%s\nthe server said:\n%s", script, err, stderr.String(), s.log)
	}
}

func (s *site) answer(t *testing.T, what string) string {
	switch what {
	case "code":
		return <-s.code
	case "call":
		s.Record(t, controltest.Call{
			Line: "council-tax", Name: "Council tax", Start: time.Now().Add(-5 * time.Second),
			Length: 6 * time.Second, End: "hung up",
		})
	case "calls":
		s.Demo(t)
	case "hush":
		s.hush.Store(true)
	case "account":
		s.Account(t)
	case "resume":
		lines := controltest.Lines()
		lines.Lines[1].State, lines.Lines[1].PausedBy = link.Recording, nil
		lines.Lines[1].Levels = []float64{-25, -25}
		s.Board.Set(lines)
	case "test ready", "test ring", "test near", "test far", "test keys", "test pause", "test resume":
		s.Testing(strings.TrimPrefix(what, "test "))
	default:
		t.Errorf("the script asks for %q", what)
	}
	return "ok"
}

// TestJourney drives set-up, the list, playback, seeking and taking a call away, and judges
// every page with axe, at 320 pixels and by what the console says.
func TestJourney(t *testing.T) {
	s := open(t)
	s.run(t, "journey.mjs")
	kinds := make(map[string]int)
	for _, e := range s.Events(t) {
		kinds[e.Kind]++
		if (e.Kind == "play" || e.Kind == "export") && (e.Who != "Asha Patel" || e.Purpose != "Complaint or dispute" || e.Reference != "C-2026/117") {
			t.Errorf("%s: %+v", e.Kind, e)
		}
	}
	for kind, want := range map[string]int{"account made": 1, "set-up refused": 1, "sign-in": 2, "sign-in refused": 1, "sign-out": 2, "play": 1, "export": 2, "pause": 1, "resume": 1} {
		if kinds[kind] != want {
			t.Errorf("the ledger has %d of %q, want %d", kinds[kind], kind, want)
		}
	}
}

// TestKeyboard does it again without a mouse, and TestPlain without JavaScript.
func TestKeyboard(t *testing.T) { withAccount(t).run(t, "keyboard.mjs") }

// TestPlain uses every form and page with JavaScript switched off.
func TestPlain(t *testing.T) { withAccount(t).run(t, "plain.mjs") }

// TestLineTest tests a line as an engineer does, with JavaScript and without.
func TestLineTest(t *testing.T) {
	s := open(t)
	if err := s.Accounts.Add("Emrys Pugh", password, auth.Engineer); err != nil {
		t.Fatal(err)
	}
	s.run(t, "linetest.mjs")
	certificates := 0
	for _, e := range s.Events(t) {
		if e.Kind == "line tested" {
			certificates++
		}
	}
	if certificates != 1 {
		t.Errorf("the ledger has %d tests, want 1: the other was given up", certificates)
	}
}

func withAccount(t *testing.T) *site {
	t.Helper()
	s := open(t)
	if err := s.Accounts.Add("Asha Patel", password, auth.Supervisor, auth.Admin); err != nil {
		t.Fatal(err)
	}
	s.Demo(t)
	return s
}
