// Package fipstest runs a package's tests once more where Go's FIPS 140-3 module refuses every
// other primitive.
package fipstest

import (
	"crypto/fips140"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Run runs the tests of the calling package with these names in a child in which nothing but
// FIPS 140-3 is permitted. Its caller must be TestFIPS; in the child it does nothing but see
// that this is so.
func Run(t *testing.T, names ...string) {
	t.Helper()
	if fips140.Enabled() {
		if !fips140.Enforced() {
			t.Fatal("this child may use other primitives")
		}
		return
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, "-test.v", "-test.run", "^("+strings.Join(append(names, "TestFIPS"), "|")+")$")
	cmd.Env = append(os.Environ(), "GODEBUG=fips140=only")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, name := range append(names, "TestFIPS") {
		if !strings.Contains(string(out), "--- PASS: "+name+" ") {
			t.Errorf("%s did not pass in the child:\n%s", name, out)
		}
	}
}
