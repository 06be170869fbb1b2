package storage_test

import (
	"testing"

	"linevault/storage"
)

// A problem names its file once.
func TestProblemNamed(t *testing.T) {
	for _, c := range []struct {
		segment    string
		call       storage.CallID
		text, want string
	}{
		{"a.seg", "", "segment a.seg: part 1, box 2: gone", "segment a.seg: part 1, box 2: gone"},
		{"a.seg", "", "its key is gone", "a.seg: its key is gone"},
		{"", "", "the key file is gone", "the key file is gone"},
		{"a.seg", "01X", "segment a.seg: part 1, box 2: gone", "call 01X: segment a.seg: part 1, box 2: gone"},
		{"catalogue", "01X", "call 01X: otherwise", "catalogue: call 01X: otherwise"},
	} {
		if got := (storage.Problem{Segment: c.segment, Call: c.call, Text: c.text}).Named(); got != c.want {
			t.Errorf("%q, not %q", got, c.want)
		}
	}
}
