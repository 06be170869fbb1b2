// Package torture does to a store what disks, kernels and power lines do, and counts what was
// lost. Recorders are real ones, in processes of their own.
package torture

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"text/tabwriter"
)

// Row is what one kind of fault came to.
type Row struct {
	Fault string
	Tried int // how many times, each in a way of its own
	Acked int // boxes that were acknowledged
	Loss
}

// Loss is what a fault did that it must not do.
type Loss struct {
	Boxes int // acknowledged, and not there whole
	Bytes int // of sound that plays and was never recorded there
	Dead  int // recorders, or readers, that ended by themselves
	Told  []string
}

// None reports whether nothing was lost.
func (l Loss) None() bool { return l.Boxes == 0 && l.Bytes == 0 && l.Dead == 0 && len(l.Told) == 0 }

func (l *Loss) add(m Loss) {
	l.Boxes += m.Boxes
	l.Bytes += m.Bytes
	l.Dead += m.Dead
	l.Told = append(l.Told, m.Told...)
}

func (l *Loss) tell(format string, a ...any) { l.Told = append(l.Told, fmt.Sprintf(format, a...)) }

// Table collects rows. It is safe for several goroutines.
type Table struct {
	mu   sync.Mutex
	rows []Row
}

// Add adds a row.
func (t *Table) Add(r Row) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows = append(t.rows, r)
}

// Print prints the table.
func (t *Table) Print(w io.Writer) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.rows) == 0 {
		return nil
	}
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tab, "fault\ttried\tboxes acknowledged\tof them lost\twrong bytes\tdead")
	for _, r := range t.rows {
		fmt.Fprintf(tab, "%s\t%d\t%d\t%d\t%d\t%d\n", r.Fault, r.Tried, r.Acked, r.Boxes, r.Bytes, r.Dead)
	}
	return tab.Flush()
}

// summary is the first few things that a loss tells, one a line.
func (l Loss) summary() string {
	const most = 5
	lines := l.Told
	if len(lines) > most {
		lines = append(lines[:most:most], fmt.Sprintf("and %d more", len(l.Told)-most))
	}
	return strings.Join(lines, "\n")
}
