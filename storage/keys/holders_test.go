package keys

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"linevault/storage/keys/recovery"
)

// holders are n people of whom k are needed, with their identities.
func holders(t testing.TB, k, n int) (*recovery.Plan, []recovery.Identity) {
	t.Helper()
	p := &recovery.Plan{Needed: k}
	var all []recovery.Identity
	for i := range n {
		to, file, err := recovery.NewIdentity("")
		if err != nil {
			t.Fatal(err)
		}
		ids, err := recovery.ReadIdentities(file, nil)
		if err != nil {
			t.Fatal(err)
		}
		to.Name = fmt.Sprint("Holder ", i+1)
		p.Recipients, all = append(p.Recipients, to), append(all, ids...)
	}
	return p, all
}

// arranged is a store with its root key in a home, and recovery recipients.
func arranged(t testing.TB, home Home, plan *recovery.Plan) string {
	t.Helper()
	dir := t.TempDir()
	if err := CreateAs(dir, []string{"calls"}, now, Arrangement{Home: home, Recovery: plan}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// recovered opens the ring in memory by its recovery copy, or fails the test.
func recovered(t testing.TB, dir string, ids []recovery.Identity) *Ring {
	t.Helper()
	k, _, err := Recovered(dir, "", ids)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// lose takes the root key away from a store.
func lose(t *testing.T, dir string) {
	t.Helper()
	if err := os.Remove(filepath.Join(folder(dir), rootName)); err != nil {
		t.Fatal(err)
	}
}

// opensAll opens every period and finishes what was begun.
func opensAll(t *testing.T, dir string) {
	t.Helper()
	if err := reopen(t, dir).Ensure([]string{"calls"}, now); err != nil {
		t.Fatal(err)
	}
	if n := everyHalfOpens(t, dir); n == 0 {
		t.Error("there are no keys")
	}
}
