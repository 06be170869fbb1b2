package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The restore drill, as a person does it: a running box is backed up, and of the backup and the
// root key come the same calls; without the root key comes a sentence that says what is missing.
func TestRestoreDrill(t *testing.T) {
	_, toml := scripts(t, 1, 3)
	b := newBox(t, toml)
	speech := speechFile(t, 3)
	tmp := t.TempDir()
	to, root, again, wav := filepath.Join(tmp, "backup"), filepath.Join(tmp, "root"), filepath.Join(tmp, "again"), filepath.Join(tmp, "call.wav")
	out := strings.Fields(must(t, "replay", "--data", b.dir, speech))
	call := out[len(out)-1]
	b.start("run")
	if said := must(t, "backup", "--data", b.dir, "--to", to); !strings.Contains(said, " bytes copied\n") {
		t.Error(said)
	}
	c := linevault("backup", "--data", b.dir, "--to", to, "--with-root", root)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	if err := c.Run(); err != nil || !strings.Contains(stderr.String(), "WARNING") {
		t.Errorf("%v, said %s", err, stderr.String())
	}
	want := b.sound(call)
	b.stop()
	must(t, "restore", "--from", to, "--data", again)
	c = linevault("export", call, "--data", again, "-o", wav)
	stderr.Reset()
	c.Stderr = &stderr
	_ = c.Run() // its exit code is looked at
	if c.ProcessState.ExitCode() != exitFailed || !strings.Contains(stderr.String(), "the root key is missing") {
		t.Errorf("export without the root key: %s", stderr.String())
	}
	if _, err := os.Stat(wav); err == nil {
		t.Error("without the root key there is sound")
	}
	must(t, "restore", "--from", to, "--data", again+"2", "--root", root)
	restored := box{t: t, dir: again + "2"}
	if got := restored.sound(call); len(got) == 0 || !slices.Equal(got, want) {
		t.Errorf("%d samples, not the %d that were recorded", len(got), len(want))
	}
	restored.check()
	for _, args := range [][]string{
		{"restore", "--from", to, "--data", again},                               // not empty
		{"restore", "--from", tmp, "--data", again + "3"},                        // no backup
		{"backup", "--data", b.dir, "--to", filepath.Join(b.dir, "backup")},      // in itself
		{"backup", "--data", b.dir, "--to", to, "--with-root", root},             // there already
		{"backup", "--data", b.dir, "--to", to, "--with-root", to + "/root.key"}, // beside the backup
	} {
		if c := linevault(args...); c.Run() == nil {
			t.Errorf("linevault %s did it", args)
		}
	}
}
