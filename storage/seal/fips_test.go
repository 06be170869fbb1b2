package seal

import (
	"testing"

	"linevault/storage/internal/fipstest"
)

func TestFIPS(t *testing.T) {
	fipstest.Run(t, "TestRoundTrip", "TestChain", "TestCommitment", "TestLock", "TestVectors")
}
