package main

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linevault/daemon/link"
	"linevault/storage/keys"
	"linevault/storage/keys/recovery"
	"linevault/storage/keys/tpm/tpmtest"
)

// TestRecordsAfterWeeks starts a recorder where nobody has made keys for three weeks, and the
// root key is gone: it records to the newest key there is, says so, and all plays afterwards.
func TestRecordsAfterWeeks(t *testing.T) {
	long(t)
	tpmtest.None(t)
	_, lines := scripts(t, 1, 3)
	_, files := keepers(t, 1, "Town clerk")
	b := newBox(t, lines)
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	ids, err := recovery.ReadIdentities(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	to := ids[0].Recipient
	to.Name = "Town clerk"
	if err := os.MkdirAll(filepath.Join(b.dir, "segments"), 0o700); err != nil {
		t.Fatal(err)
	}
	err = keys.CreateAs(b.dir, []string{"standard"}, time.Now().AddDate(0, 0, -21),
		keys.Arrangement{Recovery: &recovery.Plan{Needed: 1, Recipients: []recovery.Recipient{to}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.dir, "format"), []byte("linevault store format 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(b.dir, "keys", "root")); err != nil {
		t.Fatal(err)
	}
	b.start("run")
	b.await("an alarm that says so", func() bool {
		s, err := b.status()
		if err != nil {
			return false
		}
		for _, a := range s.Alarms {
			if strings.Contains(a.Text, "the newest there is") {
				return true
			}
		}
		return false
	})
	for _, state := range []link.State{link.Recording, link.Idle} {
		b.await("the line to be "+string(state), func() bool {
			s, err := b.status()
			return err == nil && len(s.Lines) == 1 && s.Lines[0].State == state
		})
	}
	b.stop()
	must(t, "keys", "recover", "--data", b.dir, "-i", files[0])
	calls := b.calls()
	if hungUp(calls) == 0 {
		t.Fatalf("calls: %+v", calls)
	}
	for _, c := range calls {
		if len(b.sound(string(c.ID))) == 0 {
			t.Errorf("call %s does not play", c.ID)
		}
	}
	b.check()
}

// TestNewerUntouched gives every verb that opens keys a data folder of a newer version, and one
// that is none: each refuses, and touches nothing.
func TestNewerUntouched(t *testing.T) {
	newer, none := filepath.Join(t.TempDir(), "data"), t.TempDir()
	must(t, "replay", "--data", newer, speechFile(t, 1))
	if err := os.WriteFile(filepath.Join(newer, "format"), []byte("linevault store format 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	conf := filepath.Join(t.TempDir(), "box.toml")
	if err := os.WriteFile(conf, fmt.Appendf(nil, "[web]\nlisten = %q\n[api]\nlisten = %q\n", freeAddress(t), freeAddress(t)), 0o600); err != nil {
		t.Fatal(err)
	}
	before := contents(t, newer)
	for _, args := range [][]string{
		{"serve", "--config", conf},
		{"keys", "status"},
		{"keys", "rotate"},
		{"keys", "recover"},
		{"keys", "drill"},
		{"ledger", "status"},
		{"check"},
		{"calls"},
		{"purge", "X", "--from", "1s", "--to", "2s", "--reason", "r"},
		{"retention", "status", "--config", conf},
		{"hold", "list"},
		{"linetest", "--list"},
	} {
		code := exitFailed
		if args[0] == "serve" {
			code = exitMustMend
		}
		if said := fails(t, code, append(args, "--data", newer)...); !strings.Contains(said, "install the newer Linevault") {
			t.Errorf("%v: %s", args, said)
		}
		if said := fails(t, code, append(args, "--data", none)...); !strings.Contains(said, "no Linevault data folder") {
			t.Errorf("%v: %s", args, said)
		}
	}
	if !maps.Equal(before, contents(t, newer)) {
		t.Error("the newer store has changed")
	}
	if left := contents(t, none); len(left) != 0 {
		t.Errorf("made in a folder that is no store: %v", left)
	}
}

// contents is every file of a folder.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
