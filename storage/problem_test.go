package storage_test

import (
	"testing"

	"linevault/storage"
)

// A problem names its file once.
func TestProblemNamed(t *testing.T) {
	for _, c := range []struct{ segment, text, want string }{
		{"a.seg", "segment a.seg: part 1, box 2: gone", "segment a.seg: part 1, box 2: gone"},
		{"a.seg", "its key is gone", "a.seg: its key is gone"},
		{"", "the key file is gone", "the key file is gone"},
	} {
		if got := (storage.Problem{Segment: c.segment, Text: c.text}).Named(); got != c.want {
			t.Errorf("%q, not %q", got, c.want)
		}
	}
}
