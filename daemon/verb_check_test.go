package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"linevault/storage"
	"linevault/storage/ledger"
)

// The check names its promises, finds a ledger that was put back, by its own checkpoints or by
// one that was printed, and a recording that the ledger has and the disk has not.
func TestCheckVerb(t *testing.T) {
	_, toml := scripts(t, 1, 3)
	b := newBox(t, toml)
	b.start("run")
	b.await("a call to be entered", func() bool {
		return strings.Contains(must(t, "ledger", "report", "--data", b.dir), "  recording  by the box  call ")
	})
	b.stop()
	for _, args := range [][]string{{"check"}, {"check", "--rebuild"}} {
		out := must(t, append(args, "--data", b.dir)...)
		if strings.Count(out, "  kept  ") != 7 || !strings.Contains(out, "all is well") {
			t.Fatalf("%v: %s", args, out)
		}
	}
	printed := filepath.Join(t.TempDir(), "report")
	if err := os.WriteFile(printed, []byte(must(t, "ledger", "report", "--data", b.dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, "check", "--checkpoint", printed, "--data", b.dir)

	// broken runs the check on a copy that was changed, and wants this promise broken.
	broken := func(what string, n storage.Promise, words string, change func(dir string), args ...string) {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "data")
		if err := os.CopyFS(dir, os.DirFS(b.dir)); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, "keys", "root"), 0o600); err != nil {
			t.Fatal(err)
		}
		change(dir)
		command := linevault(append([]string{"check", "--json", "--data", dir}, args...)...)
		b, _ := command.Output() // its exit code is looked at
		out, code := string(b), command.ProcessState.ExitCode()
		var r storage.Report
		if err := json.Unmarshal(b, &r); err != nil {
			t.Fatalf("%s: %v: %s", what, err, out)
		}
		for _, v := range r.Promises {
			if (v.Problems > 0) != (v.Number == n) {
				t.Errorf("%s: promise %d has %d problems: %+v", what, v.Number, v.Problems, r.Problems)
			}
		}
		if code != exitUnsound || !regexp.MustCompile(words).MatchString(out) {
			t.Errorf("%s: code %d, %s", what, code, out)
		}
	}
	entries := func(dir string) string { return filepath.Join(dir, "ledger", "entries") }
	cut := func(dir string) {
		info, err := os.Stat(entries(dir))
		if err == nil {
			err = os.Truncate(entries(dir), info.Size()/2)
		}
		for _, name := range []string{"hashes", "index"} {
			if err == nil {
				err = os.Remove(filepath.Join(dir, "ledger", name))
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	broken("a ledger that was put back", storage.Unbroken, "an old copy was put back", cut)
	broken("a ledger put back with its checkpoints", storage.Unbroken, "an old copy was put back", func(dir string) {
		cut(dir)
		if err := os.Remove(filepath.Join(dir, "ledger", "checkpoints")); err != nil {
			t.Fatal(err)
		}
	}, "--checkpoint", printed)
	broken("a ledger that is gone", storage.Unbroken, "there is none, and there was one", func(dir string) {
		if err := os.RemoveAll(filepath.Join(dir, "ledger")); err != nil {
			t.Fatal(err)
		}
	})
	broken("a ledger begun anew", storage.Unbroken, "the keyring says", func(dir string) {
		if err := os.RemoveAll(filepath.Join(dir, "ledger")); err != nil {
			t.Fatal(err)
		}
		if err := enter(dir, ledger.Event{Kind: "test"}); err != nil {
			t.Fatal(err)
		}
	})
	broken("a ledger of another box", storage.Unbroken, "of another box", func(dir string) {
		other := t.TempDir()
		err := errors.Join(storage.Create(other, []string{"calls"}), enter(other, ledger.Event{Kind: "test"}), os.RemoveAll(filepath.Join(dir, "ledger")))
		if err == nil {
			err = os.CopyFS(filepath.Join(dir, "ledger"), os.DirFS(filepath.Join(other, "ledger")))
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	accepts(t, b.dir)
	call := replayed(t, b.dir)
	must(t, "purge", call, "--from", "1s", "--to", "2s", "--reason", "x", "--data", b.dir)
	broken("a ledger that was begun anew after a destruction", storage.Unbroken, "certificate", func(dir string) {
		for _, name := range []string{"entries", "hashes", "index", "checkpoints"} {
			if err := os.Remove(filepath.Join(dir, "ledger", name)); err != nil {
				t.Fatal(err)
			}
		}
	})
	broken("a ledger that is gone, where there are accounts", storage.Unbroken, "there is none, and there was one", func(dir string) {
		err := os.RemoveAll(filepath.Join(dir, "ledger"))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "accounts.sealed"), nil, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	broken("a segment that is gone", storage.Durable, `"call":"[^"]+","text":"part [^"]+ was entered in the ledger`, func(dir string) {
		segments, err := filepath.Glob(filepath.Join(dir, "segments", "*.seg"))
		if err != nil || len(segments) == 0 {
			t.Fatal(segments, err)
		}
		for _, s := range segments {
			if err := os.Remove(s); err != nil {
				t.Fatal(err)
			}
		}
	})
	broken("a file of somebody else", storage.Ours, "holiday.jpg", func(dir string) {
		if err := os.WriteFile(filepath.Join(dir, "segments", "holiday.jpg"), []byte("JFIF"), 0o600); err != nil {
			t.Fatal(err)
		}
	})
}

// accepts wants a ledger that was lost to be accepted by who says why, once, on a copy.
func accepts(t *testing.T, box string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	err := os.CopyFS(dir, os.DirFS(box))
	if err == nil {
		err = errors.Join(os.Chmod(filepath.Join(dir, "keys", "root"), 0o600), os.RemoveAll(filepath.Join(dir, "ledger")))
	}
	if err != nil {
		t.Fatal(err)
	}
	if out, err := linevault("ledger", "report", "--data", dir).CombinedOutput(); err == nil || !strings.Contains(string(out), "`linevault ledger accept`") {
		t.Errorf("signed over a ledger that is gone: %v, %s", err, out)
	}
	must(t, "ledger", "accept", "--reason", "the disk died", "--data", dir)
	if out := must(t, "ledger", "report", "--data", dir); !strings.Contains(out, "ledger accepted  by command line: ") || !strings.Contains(out, ": the disk died") {
		t.Error(out)
	}
	for reason, code := range map[string]int{"again": exitUsage, " ": exitUsage} {
		command := linevault("ledger", "accept", "--reason", reason, "--data", dir)
		if out, _ := command.CombinedOutput(); command.ProcessState.ExitCode() != code { // its exit code is looked at
			t.Errorf("reason %q: %s", reason, out)
		}
	}
}

// replayed records a call without a box, and returns its id.
func replayed(t *testing.T, dir string) string {
	t.Helper()
	out := strings.Fields(must(t, "replay", "--data", dir, speechFile(t, 5)))
	return out[len(out)-1]
}
