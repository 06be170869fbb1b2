package catalogue

import (
	"math"
	"time"
)

// timeFilter is a range of starts; its end is not included.
type timeFilter struct {
	from, to int64
	open     bool // it has no end

	b *block
}

func newTimeFilter(from, to time.Time) *timeFilter {
	f := &timeFilter{from: math.MinInt64, open: to.IsZero()}
	if !from.IsZero() {
		f.from = nanos(from)
	}
	if !f.open {
		f.to = nanos(to)
	}
	return f
}

func (f *timeFilter) wants(start int64) bool { return f.from <= start && (f.open || start < f.to) }

// misses reports whether all of a block is out of the range.
func (f *timeFilter) misses(b *block) bool { return b.last < f.from || !f.open && b.first >= f.to }

func (f *timeFilter) on(b *block) int {
	if f.b = b; f.misses(b) {
		return 0
	}
	return len(b.ids)
}

func (f *timeFilter) into(s *set) {
	if f.wants(f.b.first) && f.wants(f.b.last) {
		s.fill(len(f.b.ids))
		return
	}
	for i, start := range f.b.start {
		if f.wants(start) {
			s.add(uint16(i))
		}
	}
}

func (f *timeFilter) exact() bool          { return false }
func (f *timeFilter) has(i uint16) bool    { return f.wants(f.b.start[i]) }
func (f *timeFilter) effort() int          { return 20 }
func (f *timeFilter) passes(e *entry) bool { return f.wants(e.start) }
