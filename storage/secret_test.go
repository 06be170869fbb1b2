package storage_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"linevault/storage"
	"linevault/storage/storagetest"
)

func contains(s, sub string) bool { return bytes.Contains([]byte(s), []byte(sub)) }

// Invariant 4, nothing readable at rest: what a call says, who made it and on which line are
// nowhere in the folder, and neither are the names of causes and people in its gaps.
func TestInvariantNothingReadable(t *testing.T) {
	dir := storagetest.New(t)
	w := open(t, dir)
	talk := storagetest.NewTalk(telephone, 0, 11)
	c := talk.Call(11)
	c.Line, c.Name, c.Department = "zebra-line", "Quokka Desk", "Wombat Services"
	c.LineNumber, c.FarNumber = "02083330123", "07700900461"
	r, err := w.Begin(c)
	must(t, err)
	k := &kept{}
	for range 300 {
		must(t, talk.Instant(k.into(r)))
	}
	g := talk.Pause(time.Second, storage.Paused)
	g.By, g.Reason = "terminal okapi", "numbat reason"
	must(t, r.Gap(g))
	must(t, r.Flush())
	must(t, w.Commit())
	look := func(when string) {
		secrets := map[string][]byte{
			"call id": []byte(c.ID), "line": []byte(c.Line), "name": []byte(c.Name), "department": []byte(c.Department),
			"line number": []byte(c.LineNumber), "far number": []byte(c.FarNumber), "who paused": []byte(g.By),
			"why": []byte(g.Reason), "cause": []byte(`paused`),
		}
		for _, p := range k.packets[:20] {
			secrets[fmt.Sprintf("packet at %d", p.Span.From)] = p.Data[1:17]
		}
		files := 0
		must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			files++
			b, err := os.ReadFile(path)
			must(t, err)
			for what, s := range secrets {
				if bytes.Contains(b, s) || bytes.Contains([]byte(path), s) {
					t.Errorf("%s: %s can be read in %s", when, what, filepath.Base(path))
				}
			}
			return nil
		}))
		if files < 5 {
			t.Errorf("%s: looked at %d files only", when, files)
		}
	}
	look("live")
	must(t, r.Finish(storage.End{At: talk.Pos, Why: storage.HungUp}))
	must(t, w.Close())
	look("closed")
}
