// Package output is lamps and relays that say what lines do. A process of its own, the keeper,
// holds their pins and is told several times a second; when it is told no more, because the
// recorder died or hangs, it switches them all off, which says that nothing is confirmed.
package output

import (
	"bytes"
	"slices"

	"linevault/codec/pcm"
	"linevault/daemon/link"
)

// When is what an output says of its lines while it is on.
type When string

// What an output may say.
const (
	Paused    When = "paused"    // every one of its lines is paused: nothing said on them is kept
	Recording When = "recording" // one of its lines is being recorded
)

// Output is one lamp or relay.
type Output struct {
	Name  string // as people read it
	When  When
	Lines []pcm.LineID
}

// On reports whether o is on while lines do what they do. A line that is not among them is
// taken for neither paused nor being recorded.
func (o Output) On(lines []link.LineState) bool {
	for _, id := range o.Lines {
		i := slices.IndexFunc(lines, func(l link.LineState) bool { return l.Line == id })
		switch {
		case o.When == Paused && (i < 0 || len(lines[i].PausedBy) == 0):
			return false
		case o.When == Recording && i >= 0 && lines[i].State == link.Recording:
			return true
		}
	}
	return o.When == Paused && len(o.Lines) > 0
}

// message is what the keeper is told: a line of text with a 0 or 1 for each output.
func message(all []Output, lines []link.LineState) []byte {
	b := bytes.Repeat([]byte{'0'}, len(all))
	for i, o := range all {
		if o.On(lines) {
			b[i] = '1'
		}
	}
	return append(b, '\n')
}
