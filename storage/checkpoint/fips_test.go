package checkpoint

import (
	"testing"

	"linevault/storage/internal/fipstest"
)

func TestFIPS(t *testing.T) {
	fipstest.Run(t, "TestSignAndOpen", "TestKeys", "TestFlips")
}
