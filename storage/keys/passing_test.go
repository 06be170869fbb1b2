package keys

import (
	"os"
	"testing"
	"time"
)

// Passing secrets come and go; a new root key keeps those that there are, and a ring from
// before Expire opens no more.
func TestPassing(t *testing.T) {
	dir := t.TempDir()
	if err := Create(dir, []string{"standard"}, time.Now()); err != nil {
		t.Fatal(err)
	}
	k, err := OpenRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	if list := k.PassingOn("x"); len(list) != 0 {
		t.Fatalf("%d secrets in a new ring", len(list))
	}
	do := func(f func() error) {
		t.Helper()
		if err := f(); err != nil {
			t.Fatal(err)
		}
	}
	do(k.Expire)
	do(k.Renew)
	first := k.PassingOn("x")
	do(k.Rotate)
	if again := k.PassingOn("x"); len(again) != 1 || again[0] != first[0] || k.PassingOn("y")[0] == first[0] {
		t.Error("a new root key changes the secret, or two purposes have one key")
	}
	do(k.Renew)
	do(k.Renew) // nothing: the one before is not yet gone
	both := k.PassingOn("x")
	if len(both) != 2 || both[1] != first[0] || both[0] == first[0] {
		t.Fatalf("%d secrets", len(both))
	}
	old, err := os.ReadFile(k.path())
	if err != nil {
		t.Fatal(err)
	}
	root := k.RootID()
	do(k.Expire)
	other, err := OpenRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	if list := other.PassingOn("x"); len(list) != 1 || list[0] != both[0] || other.RootID() == root {
		t.Errorf("%d secrets after Expire, root %s", len(list), other.RootID())
	}
	if err := os.WriteFile(k.path(), old, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenRing(dir); err == nil {
		t.Error("the ring from before opens")
	}
}
