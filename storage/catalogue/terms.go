package catalogue

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"unicode"
)

// A term is something that a contact has or has not: the first byte says what, the rest is
// its value.
const (
	termLine       = 'l'
	termDepartment = 'd'
	termAgent      = 'a'
	termDirection  = 'i'
	termState      = 's'
	termWhy        = 'w'
	termClass      = 'c'
	termKind       = 'k'
	termPurpose    = 'p'
	termFlag       = 'f'
	termGap        = 'g'
	termRating     = 'r'
	termHeld       = 'h'
	termWord       = 'n'
	termPeriod     = 't'
	termLast       = 'e'
)

// terms lists a contact's terms, sorted, none twice.
func (c *Contact) terms() []string {
	var list []string
	add := func(kind byte, value string) {
		if value != "" {
			list = append(list, string(kind)+value)
		}
	}
	add(termLine, c.Line)
	add(termDepartment, c.Department)
	add(termAgent, c.Agent)
	add(termAgent, c.Extension)
	add(termDirection, c.Direction)
	add(termState, c.State)
	add(termWhy, c.Why)
	add(termClass, c.Class)
	add(termKind, c.Kind)
	add(termLast, c.Last)
	for _, v := range c.Periods {
		add(termPeriod, v)
	}
	for _, v := range c.Purpose {
		add(termPurpose, v)
	}
	for _, v := range c.Flags {
		add(termFlag, v)
		add(termFlag, AnyFlag)
	}
	for _, v := range c.Gaps {
		add(termGap, v)
		add(termGap, AnyGap)
	}
	if c.Rating > 0 {
		add(termRating, rating(c.Rating))
	}
	if c.Held {
		add(termHeld, "y")
	}
	for _, w := range words(c.Note) {
		add(termWord, w)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func rating(r uint8) string { return string('0' + min(r, 9)) }

// words are a text's runs of letters and digits, in lower case.
func words(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// dense is from how many positions a posting is kept as a set, which then is smaller.
const dense = blockMax / 16

// terms is the terms of a block and the positions that have them.
type terms struct {
	text   []byte   // all terms, sorted, one after another
	ends   []uint32 // of each term in text
	counts []uint32 // of each term's positions
	at     []uint32 // of each term: where in lists its positions begin, or which of sets has them
	lists  []uint16
	sets   []uint64 // len(set{}) words each

	// Where a term is, plus 1, by its hash: open addressing, half full at most. Not saved.
	table []uint32
	// The first bytes of every stride-th term, so that a search touches little memory. Not saved.
	heads []uint64
}

const stride = 32

func (t *terms) len() int { return len(t.ends) }

func (t *terms) term(k int) []byte {
	from := uint32(0)
	if k > 0 {
		from = t.ends[k-1]
	}
	return t.text[from:t.ends[k]]
}

// find is the first term that is not less than s.
func (t *terms) find(s string) int {
	h := head(s)
	from := sort.Search(len(t.heads), func(i int) bool { return t.heads[i] >= h })
	to := from
	for to < len(t.heads) && t.heads[to] == h {
		to++
	}
	low, high := max(0, from-1)*stride, min(to*stride, t.len())
	return low + sort.Search(high-low, func(k int) bool { return string(t.term(low+k)) >= s })
}

// until is the first term from k on that is not less than s; it is near as a rule.
func (t *terms) until(k int, s string) int {
	step := 1
	for to := k; ; step *= 2 {
		if to >= t.len() || string(t.term(to)) >= s {
			low := max(k, to-step/2)
			return low + sort.Search(min(to, t.len())-low, func(i int) bool { return string(t.term(low+i)) >= s })
		}
		to += step
	}
}

// head is the first eight bytes of s, which sort as s does.
func head[T string | []byte](s T) (h uint64) {
	for i := range min(8, len(s)) {
		h |= uint64(s[i]) << (56 - 8*i)
	}
	return h
}

// hash is FNV-1a.
func hash[T string | []byte](s T) uint32 {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}

// prepare makes table and heads.
func (t *terms) prepare() {
	for k := 0; k < t.len(); k += stride {
		t.heads = append(t.heads, head(t.term(k)))
	}
	size := uint32(4)
	for int(size) < 2*t.len() {
		size *= 2
	}
	t.table = make([]uint32, size)
	for k := range t.len() {
		at := hash(t.term(k)) & (size - 1)
		for t.table[at] != 0 {
			at = (at + 1) & (size - 1)
		}
		t.table[at] = uint32(k + 1)
	}
}

// exactly is the place of term s, if there is one.
func (t *terms) exactly(s string) (int, bool) {
	last := uint32(len(t.table) - 1)
	for at := hash(s) & last; t.table[at] != 0; at = (at + 1) & last {
		if k := int(t.table[at] - 1); string(t.term(k)) == s {
			return k, true
		}
	}
	return 0, false
}

// list is the positions of a term that is not dense.
func (t *terms) list(k int) []uint16 { return t.lists[t.at[k]:][:t.counts[k]] }

// set is the positions of a dense one.
func (t *terms) set(k int) *set { return (*set)(t.sets[int(t.at[k])*len(set{}):]) }

func (t *terms) dense(k int) bool { return t.counts[k] >= dense }

// has reports whether position i has term k.
func (t *terms) has(k int, i uint16) bool {
	if t.dense(k) {
		return t.set(k).has(i)
	}
	_, ok := slices.BinarySearch(t.list(k), i)
	return ok
}

// into adds the positions of term k to s.
func (t *terms) into(k int, s *set) {
	if !t.dense(k) {
		s.addAll(t.list(k))
		return
	}
	for i, w := range t.set(k) {
		s[i] |= w
	}
}

// newTerms makes the terms of a block from those of its contacts.
func newTerms(of [][]string) *terms {
	positions := map[string][]uint16{}
	for i, list := range of {
		for _, s := range list {
			positions[s] = append(positions[s], uint16(i))
		}
	}
	all := make([]string, 0, len(positions))
	lists, sets, text := 0, 0, 0
	for s, p := range positions {
		all = append(all, s)
		if text += len(s); len(p) >= dense {
			sets++
		} else {
			lists += len(p)
		}
	}
	slices.SortFunc(all, cmp.Compare[string])
	t := &terms{
		text: make([]byte, 0, text), ends: make([]uint32, 0, len(all)), counts: make([]uint32, 0, len(all)),
		at: make([]uint32, 0, len(all)), lists: make([]uint16, 0, lists), sets: make([]uint64, 0, sets*len(set{})),
	}
	for _, s := range all {
		t.text = append(t.text, s...)
		p := positions[s]
		t.ends, t.counts = append(t.ends, uint32(len(t.text))), append(t.counts, uint32(len(p)))
		if len(p) < dense {
			t.at = append(t.at, uint32(len(t.lists)))
			t.lists = append(t.lists, p...)
			continue
		}
		t.at = append(t.at, uint32(len(t.sets)/len(set{})))
		var bits set
		bits.addAll(p)
		t.sets = append(t.sets, bits[:]...)
	}
	t.prepare()
	return t
}
