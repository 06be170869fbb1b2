package segment

import (
	"fmt"
	"testing"

	"linevault/storage/internal/worked"
	"linevault/storage/seal"
)

// What FORMAT.md says of its worked bytes is what the code reads in them.
func TestFormat(t *testing.T) {
	content, says := worked.Bytes(t, "../FORMAT.md", "fragment")
	s := stream{length: int64(len(content) - 2), fragment: func(int64) ([]byte, error) { return content, nil }}
	got := fmt.Sprintf("first record at %d\n", s.resume(-body))
	s.scan(func(h Head, off int64) {
		got += fmt.Sprintf("at %d: part number %d, box %d, kind %d, last %v, %d sealed bytes\n",
			off, h.Number, h.Box, h.Kind, h.Last, h.Length)
		if h.Declares {
			got += fmt.Sprintf("  part %s\n", h.Part)
		}
		if h.Commits {
			got += fmt.Sprintf("  commitment %x\n", h.Commitment)
		}
	}, func(off int64, err error) { t.Errorf("at %d: %v", off, err) })
	if got != says {
		t.Errorf("the fragment reads as\n%s\nand FORMAT.md says\n%s", got, says)
	}

	content, says = worked.Bytes(t, "../FORMAT.md", "entry")
	e, err := parseEntry(seal.PartID{}, content)
	if err != nil {
		t.Fatal(err)
	}
	got = fmt.Sprintf("part number %d, ended %v, first box %d, heads at %v\n", e.Number, e.Ended, e.First, e.Offsets)
	if got != says {
		t.Errorf("the entry reads as\n%s\nand FORMAT.md says\n%s", got, says)
	}
}
