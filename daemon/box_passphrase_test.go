package main

import (
	"path/filepath"
	"strings"
	"testing"

	"linevault/storage/keys"
	"linevault/storage/keys/recovery"
	"linevault/storage/keys/tpm/tpmtest"
)

// TestIdentityPassphrase makes an identity with a passphrase from a script, tries it in a
// drill, renews the root key, and brings a backup back with it on another machine.
func TestIdentityPassphrase(t *testing.T) {
	long(t)
	tpmtest.None(t)
	file := filepath.Join(t.TempDir(), "identity")
	say := func(words string, args ...string) (string, error) {
		c := linevault(args...)
		c.Stdin = strings.NewReader(words)
		out, err := c.CombinedOutput()
		return string(out), err
	}
	if out, err := say("one\ntwo\n", "keys", "identity", "--passphrase", "-o", file); err == nil || !strings.Contains(out, "differ") {
		t.Fatalf("%v: %s", err, out)
	}
	out, err := say("quite long words\nquite long words\n", "keys", "identity", "--passphrase", "-o", file)
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	lines := strings.Fields(out)
	dir := filepath.Join(t.TempDir(), "data")
	plan := &recovery.Plan{Needed: 1, Recipients: []recovery.Recipient{{Name: "Town clerk", Key: lines[len(lines)-1]}}}
	must(t, "replay", "--data", dir, speechFile(t, 1))
	k, err := keys.OpenRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Arrange(keys.Arrangement{Recovery: plan}); err != nil {
		t.Fatal(err)
	}
	if out, err := say("quite long words\n", "keys", "drill", "--data", dir, "-i", file); err != nil || !strings.Contains(out, "1 of 1") {
		t.Errorf("%v: %s", err, out)
	}
	if said := must(t, "keys", "rotate", "--data", dir); !strings.Contains(said, "has taken the place of") {
		t.Errorf("rotate: %s", said)
	}
	// A machine that burnt: a backup without root key, and the clerk, on another one.
	folder, again := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "data")
	must(t, "backup", "--data", dir, "--to", folder)
	must(t, "restore", "--from", folder, "--data", again)
	fails(t, exitFailed, "calls", "--data", again)
	if out, err := say("quite long words\n", "keys", "recover", "--data", again, "-i", file); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	b := &box{t: t, dir: again}
	calls := b.calls()
	if len(calls) != 1 || len(b.sound(string(calls[0].ID))) == 0 {
		t.Errorf("calls of the backup: %+v", calls)
	}
	b.check()
}
