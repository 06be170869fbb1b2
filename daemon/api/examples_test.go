package api

import (
	"encoding/pem"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The examples in curl and Python are run against a box: each pauses, shows that it is paused,
// and resumes. The one in PowerShell is not run by any test.
func TestExamples(t *testing.T) {
	b := newBox(t)
	s := httptest.NewTLSServer(b.api.Handler())
	defer s.Close()
	ca := filepath.Join(t.TempDir(), "box.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, e := range []struct {
		program string
		args    []string
	}{
		{"curl", []string{"sh", "examples/pause.sh", "parking", "echo", "the payment is taken"}},
		{"python3", []string{"python3", "examples/pause.py", "204"}},
	} {
		t.Run(e.program, func(t *testing.T) {
			if _, err := exec.LookPath(e.program); err != nil {
				t.Skipf("%s is not installed: this example was not run", e.program)
			}
			run := func(url, token string) (string, error) {
				c := exec.CommandContext(t.Context(), e.args[0], e.args[1:]...)
				c.Stdin = strings.NewReader("\n")
				c.Env = append(os.Environ(), "LINEVAULT_URL="+url, "LINEVAULT_TOKEN="+token, "LINEVAULT_CA="+ca)
				out, err := c.CombinedOutput()
				return string(out), err
			}
			out, err := run(s.URL, token)
			for tries := 1; err != nil && tries < 10; tries++ {
				t.Logf("on a busy machine it gives up, and is run again: %v: %s", err, out)
				out, err = run(s.URL, token)
			}
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if !strings.Contains(out, "paused") {
				t.Errorf("it printed %s", out)
			}
			if s := b.lineState("parking"); len(s.PausedBy) != 0 {
				t.Errorf("it left the line paused: %+v", s)
			}
			if out, err := run(s.URL, "wrong"); err == nil || strings.Contains(out, "payment is taken") || strings.Contains(out, "Press Enter") {
				t.Errorf("not confirmed, and it went on: %s", out)
			}
		})
	}
}
