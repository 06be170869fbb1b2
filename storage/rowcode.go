package storage

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"reflect"
	"time"

	"linevault/codec/pcm"
)

// A row of the catalogue is a call as the Store knows it: its parts with where their boxes are,
// and what was said about it. Fifty of them are read for each page, so they are not JSON.
const rowVersion = 1

// What a part in a row is.
const (
	rowEnded   = 1 << iota // it has an end
	rowDamaged             // some of it cannot be read
	rowLive                // a recorder has it
	rowGoes                // and it goes on
	rowSame                // the call is as the header says
)

var errRow = errors.New("a row of the catalogue is damaged")

// appendRow appends a call.
func appendRow(b []byte, parts []*storedPart, said []Annotation) []byte {
	b = append(b, rowVersion)
	b = binary.AppendUvarint(b, uint64(len(parts)))
	for _, p := range parts {
		b = p.appendTo(b)
	}
	if len(said) == 0 {
		return b
	}
	list, err := json.Marshal(said)
	if err != nil {
		panic("storage: " + err.Error()) // text and numbers
	}
	return append(b, list...)
}

func (p *storedPart) appendTo(b []byte) []byte {
	flags := byte(0)
	for flag, is := range map[byte]bool{
		rowEnded: p.end != nil, rowDamaged: p.damaged, rowLive: p.live != nil,
		rowGoes: p.live != nil && !p.live.Ended, rowSame: reflect.DeepEqual(p.call, p.head.Call),
	} {
		if is {
			flags |= flag
		}
	}
	b = append(b, p.id[:]...)
	b = append(b, flags)
	b = appendString(b, p.period.class)
	b = appendString(b, string(p.period.day))
	b = binary.AppendUvarint(b, uint64(p.head.Number))
	b = appendString(b, p.head.Before)
	b = appendCall(b, &p.head.Call)
	if flags&rowSame == 0 {
		b = appendCall(b, &p.call)
	}
	if p.end != nil {
		b = binary.AppendVarint(b, int64(p.end.At))
		b = appendString(b, string(p.end.Why))
		b = binary.AppendVarint(b, int64(p.end.Machine))
	}
	b = appendSpan(b, p.span)
	b = appendGaps(b, p.gaps)
	b = appendGaps(b, p.late)
	b = binary.AppendVarint(b, p.bytes)
	b = binary.AppendUvarint(b, uint64(len(p.places)))
	for i := range p.places {
		b = p.places[i].appendTo(b)
	}
	return b
}

func (at *place) appendTo(b []byte) []byte {
	flags := byte(0)
	for flag, is := range map[byte]bool{1: at.ended, 2: at.commits, 4: at.offsets != nil} {
		if is {
			flags |= flag
		}
	}
	b = append(b, flags)
	b = appendString(b, at.segment)
	b = binary.AppendUvarint(b, at.first)
	b = binary.AppendUvarint(b, at.count)
	if at.commits {
		b = append(b, at.commit[:]...)
	}
	if at.offsets != nil {
		before := int64(0)
		for _, o := range at.offsets {
			b = binary.AppendVarint(b, o-before)
			before = o
		}
	}
	return b
}

func appendString(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

func appendSpan(b []byte, s pcm.Span) []byte {
	b = binary.AppendVarint(b, int64(s.From))
	return binary.AppendVarint(b, int64(s.To))
}

func appendGaps(b []byte, gaps []Gap) []byte {
	b = binary.AppendUvarint(b, uint64(len(gaps)))
	for _, g := range gaps {
		b = appendSpan(b, g.Span)
		b = appendString(b, string(g.Cause))
		b = appendString(b, g.By)
		b = appendString(b, g.Reason)
	}
	return b
}

// appendCall appends a call: what every call has as it is, and the rest, of which a later
// version of this program may know more than is written out here, as JSON where there is any.
func appendCall(b []byte, c *Call) []byte {
	rest := *c
	for _, s := range rest.usual() {
		b = appendString(b, *s)
		*s = ""
	}
	_, zone := c.Start.Zone()
	b = binary.AppendVarint(b, c.Start.Unix())
	b = binary.AppendUvarint(b, uint64(c.Start.Nanosecond()))
	b = binary.AppendVarint(b, int64(zone))
	for _, n := range []int64{int64(c.Format.Rate), int64(c.Format.Legs), int64(c.From), int64(c.Clock.Offset), int64(c.Clock.Uncertainty)} {
		b = binary.AppendVarint(b, n)
	}
	rest.Start, rest.Format, rest.From, rest.Clock.Offset, rest.Clock.Uncertainty = time.Time{}, pcm.Format{}, 0, 0, 0
	if reflect.DeepEqual(rest, Call{}) {
		return appendString(b, "")
	}
	more, err := json.Marshal(rest)
	if err != nil {
		panic("storage: " + err.Error()) // text and numbers
	}
	return appendString(b, string(more))
}

// usual are the texts that most calls have.
func (c *Call) usual() []*string {
	return []*string{
		(*string)(&c.ID), (*string)(&c.Line), &c.Name, &c.Department, (*string)(&c.LineNumber), (*string)(&c.FarNumber),
		(*string)(&c.Called), &c.Signalled, (*string)(&c.Direction), &c.Class, &c.Clock.Source, &c.Software,
	}
}
