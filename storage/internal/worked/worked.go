// Package worked reads the worked examples of FORMAT.md, which tests hold to the code.
package worked

import (
	"encoding/hex"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Bytes are those of a kind in the document at path, a block of hex, and what the block of text
// after it says that they are.
func Bytes(t *testing.T, path, kind string) (content []byte, says string) {
	t.Helper()
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```hex " + kind + "\n(.*?)```\n.*?```text\n(.*?)```").FindSubmatch(doc)
	if m == nil {
		t.Fatalf("%s has no worked bytes of %q", path, kind)
	}
	var digits strings.Builder
	for line := range strings.Lines(string(m[1])) {
		bytes, _, _ := strings.Cut(line, "|")
		digits.WriteString(strings.Join(strings.Fields(bytes), ""))
	}
	content, err = hex.DecodeString(digits.String())
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	return content, string(m[2])
}
