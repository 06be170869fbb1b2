package private

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func open(t *testing.T, dir string) *Secret {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheSecretStays(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	key := s.Key("test")
	if !bytes.Equal(open(t, dir).Key("test"), key) || bytes.Equal(s.Key("other"), key) || bytes.Equal(open(t, t.TempDir()).Key("test"), key) {
		t.Error("a key is not of its folder and use")
	}
	file := filepath.Join(dir, "tls", "recorder.secret")
	if i, err := os.Stat(file); err != nil || i.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", i, err)
	}
	if text := fmt.Sprintf("%v %x %+v", s, s, s); bytes.Contains([]byte(text), fmt.Appendf(nil, "%x", s.secret)) {
		t.Errorf("it prints as %s", text)
	}
	if err := os.Truncate(file, 7); err != nil {
		t.Fatal(err)
	}
	if again := open(t, dir).Key("test"); bytes.Equal(again, key) || !bytes.Equal(open(t, dir).Key("test"), again) {
		t.Error("a torn secret was not replaced, once")
	}
}
