package segment

import (
	"encoding/binary"
	"fmt"
	"testing"

	"linevault/storage/internal/worked"
	"linevault/storage/seal"
)

// What FORMAT.md says of its worked bytes is what the code reads in them.
func TestFormat(t *testing.T) {
	content, says := worked.Bytes(t, "../FORMAT.md", "fragment")
	n := int64(len(content) - markSize)
	s := stream{length: n, fragment: func(off int64) (fragment, error) { return cutFragment(content, 0, n, off) }}
	got := fmt.Sprintf("first record at %d\n", s.resume(0))
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

	p := &pages{size: 100 * pageSize, high: 100}
	content, says = worked.Bytes(t, "../FORMAT.md", "run")
	r, ok := p.runAt(15, content)
	got = describeRun(r) + fmt.Sprintf("its fragments begin at %d and %d, its first record at %d\n",
		r.start, r.start+fragmentFrom(1), r.start+int64(binary.LittleEndian.Uint16(content[runHead:])))
	if !ok || got != says {
		t.Errorf("the head of a run reads as\n%s\nand FORMAT.md says\n%s", got, says)
	}
	content, says = worked.Bytes(t, "../FORMAT.md", "listed")
	r, ok = p.runOf(element{key: content[:keySize], value: content[keySize:], bucket: true})
	if got = describeRun(r); !ok || got != says {
		t.Errorf("what lists a run reads as\n%s\nand FORMAT.md says\n%s", got, says)
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

func describeRun(n run) string {
	return fmt.Sprintf("a run of %d bytes of the stream from %d on, in %d pages from page %d on\n", n.length, n.start, n.pages(), n.page)
}
