package ledger

import (
	"testing"

	"linevault/storage/internal/fipstest"
)

func TestFIPS(t *testing.T) {
	fipstest.Run(t, "TestAppend", "TestProofs")
}
