package catalogue

import "slices"

// sound reports whether a block that was read is safe to search: every place that it names is
// there.
func (b *block) sound() bool {
	n := len(b.ids)
	if n == 0 || n > blockMax || len(b.start) != n || len(b.length) != n || len(b.byLength) != n {
		return false
	}
	for i := 1; i < n; i++ {
		if b.ids[i-1].Compare(b.ids[i]) >= 0 {
			return false
		}
	}
	return under(b.byLength, n) && b.far.sound(n) && b.own.sound(n) && b.terms.sound(n)
}

// under reports whether all of list are less than n.
func under(list []uint16, n int) bool {
	most := uint16(0)
	for _, i := range list {
		most = max(most, i)
	}
	return int(most) < n || len(list) == 0
}

func (n *numbers) sound(contacts int) bool {
	count := len(n.table)
	if count == 0 || count > contacts || len(n.odd) > count || len(n.starts) != count || len(n.index) != contacts ||
		len(n.places) != contacts || len(n.back) != count-len(n.odd) || len(n.grams) != gramsAll+1 {
		return false
	}
	for k, v := range n.table {
		odd := k >= count-len(n.odd)
		switch {
		case k > 0 && n.table[k-1] >= v, k > 0 && n.starts[k-1] >= n.starts[k]:
			return false
		case odd && v != oddBit+uint64(k-count+len(n.odd)), !odd && !packed(v):
			return false
		}
	}
	return n.starts[0] == 0 && int(n.starts[count-1]) < contacts && under(n.index, count) && under(n.places, contacts) &&
		under(n.back, count-len(n.odd)) && under(n.of, count) &&
		slices.IsSorted(n.grams) && int(n.grams[gramsAll]) == len(n.of)
}

// packed reports whether v is what pack makes.
func packed(v uint64) bool {
	for ; v != 0; v <<= 4 {
		if s := v >> 60; s == 0 || s > uint64(len(symbols)) {
			return false
		}
	}
	return true
}

func (t *terms) sound(contacts int) bool {
	n := t.len()
	if len(t.counts) != n || len(t.at) != n || len(t.sets)%len(set{}) != 0 || !slices.IsSorted(t.ends) ||
		n > 0 && int(t.ends[n-1]) != len(t.text) || !under(t.lists, contacts) {
		return false
	}
	for k, c := range t.counts {
		at, room := int(t.at[k]), len(t.lists)
		switch {
		case int(c) > contacts, c < dense && at+int(c) > room, c >= dense && (at+1)*len(set{}) > len(t.sets):
			return false
		}
	}
	for i := 0; i < len(t.sets); i += len(set{}) {
		s := *(*set)(t.sets[i:])
		whole := s.count()
		if s.below(contacts); s.count() != whole {
			return false
		}
	}
	return true
}
