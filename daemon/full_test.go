package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What cannot be written because a disk is full is said with what to do.
func TestFullDiskSaysWhatToDo(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	data := filepath.Join(t.TempDir(), "data")
	must(t, "replay", "--data", data, speechFile(t, 1))
	c := linevault("calls", "--data", data)
	var stderr bytes.Buffer
	c.Stdout, c.Stderr = full, &stderr
	if err := c.Run(); err == nil || !strings.Contains(stderr.String(), "no space left on device; nothing that was stored is lost: free space on that disk") {
		t.Errorf("%v, said %s", err, stderr.String())
	}
}
