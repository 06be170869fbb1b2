package checkpoint

import (
	"crypto/fips140"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestFIPS runs this package's tests where Go's FIPS 140-3 module refuses everything else.
func TestFIPS(t *testing.T) {
	if fips140.Enabled() {
		t.Skip("this is the child")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, "-test.v", "-test.run", "^(TestFIPSIsOn|TestSignAndOpen|TestKeys|TestFlips)$")
	cmd.Env = append(os.Environ(), "GODEBUG=fips140=only")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestFIPSIsOn") {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestFIPSIsOn(t *testing.T) {
	if !fips140.Enabled() || !fips140.Enforced() {
		t.Skip("runs in the child of TestFIPS")
	}
}
