package codectest

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
)

// InMemory finds the marker in all of a process's memory that can be read, which is what a core
// file would hold, and says where. Only root may look into a process that forbids core files.
func (m *Marker) InMemory(t testing.TB, process int) (where []string, size int) {
	t.Helper()
	maps, err := os.Open(fmt.Sprintf("/proc/%d/maps", process))
	if os.IsPermission(err) {
		t.Skipf("NOT PROVED: only root may look into the memory of another process: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer maps.Close()
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", process))
	if err != nil {
		t.Skipf("NOT PROVED: the memory of another process cannot be read here: %v", err)
	}
	defer memory.Close()
	const piece, overlap = 1 << 20, 16
	b := make([]byte, piece+overlap)
	for lines := bufio.NewScanner(maps); lines.Scan(); {
		var from, to int64
		var may string
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x %s", &from, &to, &may); err != nil || may[0] != 'r' || strings.Contains(lines.Text(), "[v") {
			continue
		}
		for at := from; at < to; at += piece {
			n, _ := memory.ReadAt(b[:min(int64(len(b)), to-at)], at) // what is not there is not in a core file, either
			size += min(n, piece)
			for _, trace := range m.In(b[:n]) {
				where = append(where, fmt.Sprintf("%v, at %x of %s", trace, at+int64(trace.At), lines.Text()))
			}
		}
	}
	return where, size
}
