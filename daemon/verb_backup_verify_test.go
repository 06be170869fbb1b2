package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A content that rots in a backup is found, named and copied again by the next backup; what is
// restored of that one is whole.
func TestBackupVerify(t *testing.T) {
	tmp := t.TempDir()
	dir, to, root := filepath.Join(tmp, "data"), filepath.Join(tmp, "backup"), filepath.Join(tmp, "root")
	must(t, "replay", "--data", dir, speechFile(t, 2))
	must(t, "backup", "--data", dir, "--to", to)
	if said := must(t, "backup", "--to", to, "--verify"); !strings.Contains(said, "1 backup(s), ") || !strings.HasSuffix(strings.TrimSpace(said), ": all is well") {
		t.Error(said)
	}
	blobs, err := filepath.Glob(filepath.Join(to, "blobs", "*", "*"))
	if err != nil || len(blobs) == 0 {
		t.Fatalf("%d contents, %v", len(blobs), err)
	}
	for _, blob := range blobs {
		b, err := os.ReadFile(blob)
		if err != nil {
			t.Fatal(err)
		}
		b[len(b)/2] ^= 1
		if err := os.WriteFile(blob, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c := linevault("backup", "--to", to, "--verify")
	said, err := c.Output()
	if c.ProcessState.ExitCode() != exitUnsound {
		t.Errorf("%v", err)
	}
	for _, words := range []string{" is damaged\n", "  segments/", " of the backup of 20", "problem(s)"} {
		if !strings.Contains(string(said), words) {
			t.Errorf("it does not say %q: %s", words, said)
		}
	}
	if said := fails(t, exitUnsound, "backup", "--to", to, "--verify"); !strings.Contains(said, "it copies again what is still stored") {
		t.Error(said)
	}
	must(t, "backup", "--data", dir, "--to", to, "--with-root", root)
	must(t, "restore", "--from", to, "--data", dir+"2", "--root", root)
	again := box{t: t, dir: dir + "2"}
	again.check()
	fails(t, exitUsage, "backup", "--to", to, "--verify", "--with-root", root+"2")
	fails(t, exitFailed, "backup", "--to", tmp, "--verify")
}
