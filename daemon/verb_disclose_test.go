package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A call is disclosed and verified, on the command line and by the static verifier, which
// needs no C library.
func TestDisclose(t *testing.T) {
	tmp := t.TempDir()
	data, pack, key := filepath.Join(tmp, "data"), filepath.Join(tmp, "pack.zip"), filepath.Join(tmp, "key.txt")
	out := strings.Fields(must(t, "replay", "--data", data, "--pause", "1s-2s", speechFile(t, 4)))
	call := out[len(out)-1]
	printed := must(t, "disclose", call, "--recipient", "council", "--data", data, "--to", "Ms Example", "--basis", "UK GDPR article 15", "--purpose", "access", "-o", pack)
	status := must(t, "ledger", "status", "--data", data)
	if !strings.Contains(status, "public key:   "+strings.TrimSpace(printed)) {
		t.Errorf("disclose printed %q, status %s", printed, status)
	}
	if err := os.WriteFile(key, []byte(status), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := must(t, "verify", pack, "--key", key); !strings.HasPrefix(said, "PROVED.\n") || !strings.Contains(said, "Ms Example") {
		t.Error(said)
	}
	if said := must(t, "verify", pack); !strings.HasPrefix(said, "CONSISTENT, ") {
		t.Error(said)
	}
	b, err := os.ReadFile(pack)
	if err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(tmp, "bad.zip")
	b[len(b)/2] ^= 1
	if err := os.WriteFile(bad, b, 0o600); err != nil {
		t.Fatal(err)
	}
	verifier := filepath.Join(tmp, "linevault-verify")
	build := exec.Command("go", "build", "-trimpath", "-o", verifier, "linevault/storage/disclosure/verifier")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, r := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{pack, "--key", key}, exitOK, "PROVED."},
		{[]string{bad, "--key", key}, exitUnsound, "call.wav: its bytes are not those that were packed"},
		{[]string{filepath.Join(tmp, "none.zip")}, exitFailed, "no such file"},
		{[]string{pack, "--key", pack}, exitFailed, "no public key"},
		{nil, exitUsage, "linevault-verify [--key FILE] PACK"},
	} {
		for name, c := range map[string]*exec.Cmd{
			"linevault-verify": exec.Command(verifier, r.args...), "linevault verify": linevault(append([]string{"verify"}, r.args...)...),
		} {
			var said bytes.Buffer
			c.Stdout, c.Stderr = &said, &said
			err := c.Run()
			if code := c.ProcessState.ExitCode(); code != r.code || r.args != nil && !strings.Contains(said.String(), r.want) {
				t.Errorf("%s %s: exit code %d, want %d, %v\n%s", name, r.args, code, r.code, err, said.String())
			}
		}
	}
	for _, r := range []struct {
		args string
		code int
	}{
		{"disclose " + call + " --data " + data + " --to x --basis x -o " + pack, exitUsage},
		{"disclose " + call + " --data " + data + " --to x --basis x --purpose x -o pack.txt", exitUsage},
		{"disclose NONE --recipient council --data " + data + " --to x --basis x --purpose x -o " + pack + ".new.zip", exitFailed},
	} {
		c := linevault(strings.Fields(r.args)...)
		if err := c.Run(); c.ProcessState.ExitCode() != r.code {
			t.Errorf("linevault %s: %v", r.args, err)
		}
	}
	must(t, "check", "--data", data)
}
