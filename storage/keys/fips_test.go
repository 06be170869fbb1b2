package keys

import (
	"testing"

	"linevault/storage/internal/fipstest"
)

// TestFIPS has the TPM and the recovery copies, too: these two packages go past the mode for
// what the TPM's standard and age need, which is not in Go's module.
func TestFIPS(t *testing.T) {
	fipstest.Run(t, "TestLockAndUnlock", "TestDerive", "TestForFollowsTheDesk", "TestLocked", "TestShreddedStays", "TestRotateOverwrites")
}
