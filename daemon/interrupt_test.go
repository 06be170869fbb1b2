package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"linevault/storage/keys/tpm/tpmtest"
)

// Ctrl-C ends what a person started, whatever it waits for, with a code of its own.
func TestInterrupted(t *testing.T) {
	identity := filepath.Join(t.TempDir(), "identity")
	c := linevault("keys", "identity", "--passphrase", "-o", identity)
	in, err := c.StdinPipe() // nothing is ever typed
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	said, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	end := time.AfterFunc(time.Minute, func() { _ = c.Process.Kill() }) // the test fails then
	defer end.Stop()
	var all bytes.Buffer
	b := make([]byte, 100)
	for !strings.Contains(all.String(), "Passphrase for the file") {
		n, err := said.Read(b)
		all.Write(b[:n])
		if err != nil {
			t.Fatalf("%v, said %s", err, all.String())
		}
	}
	if err := c.Process.Signal(unix.SIGINT); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(&all, said) // it ends with the process
	_ = c.Wait()               // its exit code is looked at
	if c.ProcessState.ExitCode() != exitInterrupted || !strings.Contains(all.String(), "keys identity was stopped before it was done") {
		t.Errorf("%v, said %s", c.ProcessState, all.String())
	}
	if _, err := os.Stat(identity); err == nil {
		t.Error("an identity was made")
	}
}

// A box that somebody locked is backed up all the same.
func TestBackupOfLockedBox(t *testing.T) {
	tpmtest.None(t)
	_, lines := scripts(t, 1, 3)
	toml, files := keepers(t, 1, "Office")
	b := newBox(t, toml+lines)
	to := filepath.Join(t.TempDir(), "backup")
	b.start("run")
	b.stop()
	must(t, "keys", "lock", "--data", b.dir, "-i", files[0])
	must(t, "backup", "--data", b.dir, "--to", to)
	again := box{t: t, dir: b.dir + "2"}
	must(t, "restore", "--from", to, "--data", again.dir)
	must(t, "keys", "recover", "--data", again.dir, "-i", files[0])
	again.check()
}

// A file that is no root key is found before anything is restored.
func TestRestoreWrongRoot(t *testing.T) {
	tmp := t.TempDir()
	dir, to := filepath.Join(tmp, "data"), filepath.Join(tmp, "backup")
	must(t, "replay", "--data", dir, speechFile(t, 1))
	must(t, "backup", "--data", dir, "--to", to)
	if said := fails(t, exitFailed, "restore", "--from", to, "--data", dir+"2", "--root", filepath.Join(dir, "format")); !strings.Contains(said, "is no root key") {
		t.Error(said)
	}
	if _, err := os.Stat(dir + "2"); err == nil {
		t.Error("something was restored")
	}
}
