package main

import (
	"context"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linevault/daemon/link"
	"linevault/storage"
)

// idle is a recorder with nothing to tell of its lines.
type idle struct{}

func (idle) Hand(context.Context, link.Hand) link.Switched {
	return link.Switched{Refused: link.NoSuchLine}
}

func (idle) Status() link.Status { return link.Status{} }

// What a supervisor asks of ICT: card data was said in a call. It goes while a recorder runs
// on the same folder, which goes on with its period's new key.
func TestPurge(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	out := must(t, "replay", "--data", dir, speechFile(t, 20))
	lines := strings.Split(strings.TrimSpace(out), "\n")
	id := lines[len(lines)-1]
	w, err := storage.OpenWriter(dir, storage.WriterOptions{OnProblem: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	l, err := link.Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	server := link.Server(idle{}, w)
	go func() {
		if err := server.Serve(l); err != http.ErrServerClosed {
			t.Error(err)
		}
	}()
	before := publicKeys(t, dir)
	began := time.Now()
	said := must(t, "purge", id, "--from", "12s", "--to", "14s", "--reason", "card number", "--data", dir)
	if !strings.Contains(said, "none opened") || time.Since(began) > time.Minute {
		t.Errorf("after %v it said %q", time.Since(began), said)
	}
	if publicKeys(t, dir) == before {
		t.Error("the public key of the day is the old one")
	}
	var c callJSON
	if err := json.Unmarshal([]byte(must(t, "calls", "--json", "--data", dir)), &c); err != nil {
		t.Fatal(err)
	}
	if c.Length != 20 || len(c.Gaps) != 1 || c.Gaps[0].From > 12 || c.Gaps[0].From < 11.9 || c.Gaps[0].To < 14 || c.Gaps[0].To > 14.1 {
		t.Errorf("call: %+v", c)
	}
	must(t, "check", "--data", dir)
	if err := server.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	b := box{t: t, dir: dir}
	defer func() {
		changed := filepath.Join(dir, "destruction", "certificates", onlyFile(t, filepath.Join(dir, "destruction", "certificates")))
		text, err := os.ReadFile(changed)
		if err == nil {
			err = os.WriteFile(changed, []byte(strings.Replace(string(text), "card number", "card numbers", 1)), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		if said := fails(t, exitUnsound, "certificates", "--data", dir); !strings.Contains(said, "not as this box signed it") {
			t.Error(said)
		}
	}()
	if n := len(b.sound(id)); n != 20*8000 {
		t.Errorf("the WAV has %d samples, want %d", n, 20*8000)
	}
	for _, r := range []struct{ from, to, want string }{
		{"50s", "60s", "nothing from 50s on"},
		{"0:05", "9m", "the call is 20s long and is over before 9m0s"}, // for 9 seconds
		{"0", "20s", "that is the whole call"},
		{"12s", "14s", "nothing to destroy"}, // again
	} {
		said := fails(t, exitFailed, "purge", id, "--from", r.from, "--to", r.to, "--reason", "x", "--data", dir)
		if !strings.Contains(said, r.want) {
			t.Errorf("%s to %s: %s", r.from, r.to, said)
		}
	}
	if said := must(t, "certificates", "--data", dir); !strings.Contains(said, "12s to 14s of call "+id) || strings.Count(said, "\n") != 1 {
		t.Errorf("certificates: %s", said)
	}
	var listed storage.Certificate
	if err := json.Unmarshal([]byte(must(t, "certificates", "--json", "--data", dir)), &listed); err != nil || listed.To != 14*time.Second {
		t.Errorf("%+v, %v", listed, err)
	}
	if said := must(t, "certificates", listed.ID, "--data", dir); !strings.HasPrefix(said, "linevault certificate of destruction 1\n") {
		t.Errorf("certificate: %s", said)
	}
	certificateLeaves(t, dir, listed.ID)
	fails(t, exitFailed, "certificates", "NONE", "--data", dir)
	fails(t, exitUsage, "purge", id, "--from", "5", "--to", "9s", "--reason", "x", "--data", dir)
	if again := must(t, "calls", "--json", "--data", dir); strings.Count(again, `"purged"`) != 1 {
		t.Errorf("what was refused was done: %s", again)
	}
}

// certificateLeaves exports a certificate and checks it as somebody without the box does.
func certificateLeaves(t *testing.T, dir, id string) {
	t.Helper()
	away := t.TempDir()
	file, key := filepath.Join(away, "certificate"), filepath.Join(away, "key")
	must(t, "certificates", id, "--export", file, "--data", dir)
	fails(t, exitFailed, "certificates", id, "--export", file, "--data", dir) // it is there
	fails(t, exitUsage, "certificates", "--export", file+"2", "--data", dir)
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(key, must(t, "ledger", "status", "--data", dir))
	if said := must(t, "verify", file, "--key", key); !strings.HasPrefix(said, "PROVED.\n") || !strings.Contains(said, "12s to 14s of call") {
		t.Errorf("verify: %s", said)
	}
	if said := must(t, "verify", file); !strings.HasPrefix(said, "CONSISTENT") {
		t.Errorf("verify: %s", said)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write(file, strings.Replace(string(b), `"kind":"purge"`, `"kind":"erasure"`, 1))
	fails(t, exitUnsound, "verify", file, "--key", key)
	write(file, must(t, "certificates", id, "--data", dir)) // as it lies on the box
	fails(t, exitUnsound, "verify", file, "--key", key)
}

// publicKeys is keys/public.
func publicKeys(t *testing.T, dir string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "keys", "public"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// onlyFile is the name of the one file in a folder.
func onlyFile(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	return list[0].Name()
}
