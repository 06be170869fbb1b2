package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// progress is one line on a terminal that says how far something is; elsewhere it is silent.
type progress struct {
	w     io.Writer
	last  time.Time
	shown bool
}

func newProgress(w io.Writer) *progress {
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
			return &progress{w: w}
		}
	}
	return &progress{}
}

// show tells how far something is, in bytes.
func (p *progress) show(done, total int64) {
	p.bar(done, total, func() string { return megabytes(done) + " of " + megabytes(total) })
}

// count tells it in things that have a name.
func (p *progress) count(what string) func(done, total int) {
	return func(done, total int) {
		p.bar(int64(done), int64(total), func() string { return fmt.Sprintf("%d of %d %s", done, total, what) })
	}
}

func (p *progress) bar(done, total int64, says func() string) {
	if p.w == nil || time.Since(p.last) < 200*time.Millisecond && done < total {
		return
	}
	p.last, p.shown = time.Now(), true
	percent := int64(100)
	if total > 0 {
		percent = 100 * done / total
	}
	const width = 30
	full := int(width * percent / 100)
	fmt.Fprintf(p.w, "\r[%s%s] %3d %%  %s ", strings.Repeat("#", full), strings.Repeat(".", width-full), percent, says())
}

// reading tells it of a file as it is read.
func (p *progress) reading(r io.Reader, total int64) io.Reader {
	return &watched{Reader: r, total: total, line: p}
}

type watched struct {
	io.Reader
	done, total int64
	line        *progress
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.Reader.Read(b)
	w.done += int64(n)
	w.line.show(min(w.done, w.total), w.total)
	return n, err
}

func (p *progress) end() {
	if p.shown {
		fmt.Fprintln(p.w)
	}
	p.shown = false
}
