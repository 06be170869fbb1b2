package main

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linevault/daemon/link"
	"linevault/storage/keys"
	"linevault/storage/keys/tpm/tpmtest"
)

// fails runs a command that must end with an exit code, and returns what it printed.
func fails(t *testing.T, code int, args ...string) string {
	t.Helper()
	out, err := linevault(args...).CombinedOutput()
	x, ok := errors.AsType[*exec.ExitError](err)
	if !ok || x.ExitCode() != code {
		t.Fatalf("linevault %s: %v, not exit code %d: %s", strings.Join(args, " "), err, code, out)
	}
	return string(out)
}

// keepers makes identities, and the configuration that names them.
func keepers(t *testing.T, needed int, names ...string) (toml string, files []string) {
	t.Helper()
	dir := t.TempDir()
	toml = fmt.Sprintf("[recovery]\nneeded = %d\n", needed)
	for i, name := range names {
		file := filepath.Join(dir, fmt.Sprint("identity", i))
		key := strings.TrimSpace(must(t, "keys", "identity", "--output", file))
		toml += fmt.Sprintf("[[recovery.recipient]]\nname = %q\nkey = %q\n", name, key)
		files = append(files, file)
	}
	return toml, files
}

// page asks the box's web server for a page.
func (b *box) page(path string) (status int, body string) {
	client := &http.Client{
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true},
		Timeout:   30 * time.Second,
	}
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, "https://"+b.web+path, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	got, err := client.Do(r)
	if err != nil {
		return 0, ""
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		return 0, ""
	}
	return got.StatusCode, string(text)
}

// hungUp counts the calls that have ended in good order.
func hungUp(calls []callJSON) (n int) {
	for _, c := range calls {
		if c.State == "hung up" {
			n++
		}
	}
	return n
}

// TestLockedBox clears a box's TPM. The recorder goes on recording, the pages say why nothing
// can be played and what to do, and once two people have brought the root key back, the desk goes
// on by itself, and everything plays.
func TestLockedBox(t *testing.T) {
	long(t)
	m := tpmtest.Boot(t)
	who, files := keepers(t, 2, "Town clerk", "Head of ICT", "Sealed envelope")
	_, lines := scripts(t, 1, 3)
	b := newBox(t, who+lines)
	b.start("run")
	b.await("the first calls to end", func() bool { return hungUp(b.calls()) >= 1 })
	before := b.calls()
	if s := must(t, "keys", "status", "--data", b.dir); !strings.Contains(s, "in the TPM, index 0x01") || !strings.Contains(s, "Town clerk") {
		t.Fatalf("status: %s", s)
	}
	b.stop()

	m.Clear()
	b.start("run")
	b.await("the locked page", func() bool { status, _ := b.page("/"); return status == http.StatusServiceUnavailable })
	b.await("it to say that recording goes on", func() bool {
		_, body := b.page("/calls")
		return strings.Contains(body, "The recorder still runs") && strings.Contains(body, "linevault keys recover")
	})
	status := fails(t, exitUnsound, "keys", "status", "--data", b.dir)
	for _, want := range []string{"LOCKED", "cleared or replaced", "any 2 of 3", "Sealed envelope"} {
		if !strings.Contains(status, want) {
			t.Errorf("status does not say %q: %s", want, status)
		}
	}
	if said := fails(t, exitFailed, "calls", "--data", b.dir); !strings.Contains(said, "`linevault keys recover` with the identities of 2 of: Town clerk") {
		t.Errorf("calls: %s", said)
	}
	for _, few := range [][]string{nil, {"-i", files[0]}} {
		said := fails(t, exitFailed, append([]string{"keys", "recover", "--data", b.dir}, few...)...)
		if !strings.Contains(said, "Head of ICT") || !strings.Contains(said, "Sealed envelope") {
			t.Errorf("with %v: %s", few, said)
		}
	}
	// Two whole calls while nobody can open anything.
	for range 2 {
		for _, state := range []link.State{link.Recording, link.Idle} {
			b.await("the line to be "+string(state), func() bool {
				s, err := b.status()
				return err == nil && len(s.Lines) == 1 && s.Lines[0].State == state
			})
		}
	}

	said := must(t, "keys", "recover", "--data", b.dir, "-i", files[2], "-i", files[0])
	if !strings.Contains(said, "in the TPM") || !strings.Contains(said, "Sealed envelope") {
		t.Errorf("recover: %s", said)
	}
	b.await("the desk to go on by itself", func() bool {
		status, _ := b.page("/sign-in")
		return status == http.StatusOK || status == http.StatusSeeOther
	})
	b.await("the calls of meanwhile", func() bool { return hungUp(b.calls()) >= hungUp(before)+2 })

	// And once more, by hand.
	if said := fails(t, exitFailed, "keys", "lock", "--data", b.dir, "-i", files[1]); !strings.Contains(said, "Head of ICT") {
		t.Errorf("lock with one identity: %s", said)
	}
	must(t, "keys", "lock", "--data", b.dir, "-i", files[1], "-i", files[0])
	if left := m.Indices(); len(left) != 0 {
		t.Errorf("the root key is still in the TPM: %v", left)
	}
	b.await("the locked page again", func() bool { status, _ := b.page("/"); return status == http.StatusServiceUnavailable })
	if said := fails(t, exitUnsound, "keys", "status", "--data", b.dir); !strings.Contains(said, "locked by hand") {
		t.Errorf("status: %s", said)
	}
	must(t, "keys", "recover", "--data", b.dir, "-i", files[1], "-i", files[0])
	b.await("the desk to go on again", func() bool {
		status, _ := b.page("/sign-in")
		return status == http.StatusOK || status == http.StatusSeeOther
	})
	b.stop()
	for _, c := range b.calls() {
		if n := len(b.sound(string(c.ID))); n == 0 || c.Damaged {
			t.Errorf("call %s: %d samples, %+v", c.ID, n, c)
		}
	}
	b.check()
	if said := fails(t, exitFailed, "keys", "recover", "--data", b.dir, "-i", files[0], "-i", files[1]); !strings.Contains(said, "nothing to bring back") {
		t.Errorf("recover again: %s", said)
	}
	if said := must(t, "keys", "drill", "--data", b.dir, "-i", files[1], "-i", files[2]); !strings.Contains(said, "1 of 1 period(s) with recordings open") {
		t.Errorf("drill: %s", said)
	}
	var s keysStatus
	if err := json.Unmarshal([]byte(must(t, "keys", "status", "--json", "--data", b.dir)), &s); err != nil {
		t.Fatal(err)
	}
	if s.Home != keys.InTPM || s.Drilled.IsZero() || s.Writes < 1 || s.Plan.Needed != 2 || s.Locked != "" {
		t.Errorf("status %+v", s)
	}
	// A purge brings a new root key in the TPM, and a recovery copy of it.
	must(t, "purge", string(before[0].ID), "--from", "1s", "--to", "2s", "--reason", "card number", "--data", b.dir)
	var after keysStatus
	if err := json.Unmarshal([]byte(must(t, "keys", "status", "--json", "--data", b.dir)), &after); err != nil {
		t.Fatal(err)
	}
	if after.Home != keys.InTPM || after.RootID == s.RootID || after.Writes < s.Writes+2 || after.Recovery != "" {
		t.Errorf("after a purge: %+v, before it %+v", after, s)
	}
	b.check()
	report := must(t, "ledger", "report", "--data", b.dir)
	for _, want := range []string{rootRecovered, rootLocked, rootDrilled} {
		if !strings.Contains(report, want) {
			t.Errorf("the ledger does not have %q:\n%s", want, report)
		}
	}
}
