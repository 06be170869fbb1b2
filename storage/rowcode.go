package storage

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"reflect"
	"time"

	"linevault/codec/pcm"
	"linevault/storage/keys"
	"linevault/storage/seal"
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

// rowReader reads a row; after something that cannot be read, fail is set. What it returns
// shares the memory of b.
type rowReader struct {
	b    string
	fail bool
}

// readRow is the reverse of appendRow. What a recorder has of a part is not in a row, only that
// it has it.
func readRow(row []byte) (parts []*storedPart, said []Annotation, err error) {
	r := &rowReader{b: string(row)}
	if r.bytes(1) != string([]byte{rowVersion}) {
		return nil, nil, errRow
	}
	n := r.count(40)
	all := make([]storedPart, n)
	for i := range all {
		r.part(&all[i])
		parts = append(parts, &all[i])
	}
	if r.fail || n == 0 {
		return nil, nil, errRow
	}
	if r.b != "" && json.Unmarshal([]byte(r.b), &said) != nil {
		return nil, nil, errRow
	}
	return parts, said, nil
}

func (r *rowReader) bytes(n int) string {
	if n > len(r.b) {
		r.fail, r.b = true, ""
		return ""
	}
	s := r.b[:n]
	r.b = r.b[n:]
	return s
}

func (r *rowReader) uvarint() uint64 {
	var v uint64
	for i := 0; i < len(r.b) && i < binary.MaxVarintLen64; i++ {
		c := r.b[i]
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			r.b = r.b[i+1:]
			return v
		}
	}
	r.fail, r.b = true, ""
	return 0
}

func (r *rowReader) varint() int64 {
	v := r.uvarint()
	if v&1 != 0 {
		return ^int64(v >> 1)
	}
	return int64(v >> 1)
}

// count is how many things of at least that size follow.
func (r *rowReader) count(size int) int {
	n := r.uvarint()
	if n > uint64(len(r.b)/size) {
		r.fail, r.b = true, ""
		return 0
	}
	return int(n)
}

func (r *rowReader) string() string { return r.bytes(r.count(1)) }

func (r *rowReader) span() pcm.Span {
	from := pcm.Pos(r.varint())
	return pcm.Span{From: from, To: pcm.Pos(r.varint())}
}

func (r *rowReader) gaps() (gaps []Gap) {
	n := r.count(5)
	if n == 0 {
		return nil
	}
	gaps = make([]Gap, n)
	for i := range gaps {
		gaps[i] = Gap{Span: r.span(), Cause: Cause(r.string()), By: r.string(), Reason: r.string()}
	}
	return gaps
}

func (r *rowReader) part(p *storedPart) {
	flags := byte(0)
	if id := r.bytes(len(p.id)); len(id) == len(p.id) {
		p.id = seal.PartID([]byte(id))
	}
	if f := r.bytes(1); f != "" {
		flags = f[0]
	}
	p.period.class, p.period.day = r.string(), keys.Day(r.string())
	p.head.Number, p.head.Before = int(r.uvarint()), r.string()
	r.call(&p.head.Call)
	if p.call = p.head.Call; flags&rowSame == 0 {
		p.call = Call{}
		r.call(&p.call)
	}
	if flags&rowEnded != 0 {
		p.end = &End{At: pcm.Pos(r.varint()), Why: EndReason(r.string()), Machine: time.Duration(r.varint())}
	}
	p.span, p.gaps, p.late, p.bytes = r.span(), r.gaps(), r.gaps(), r.varint()
	p.damaged, p.listed = flags&rowDamaged != 0, true
	if n := r.count(4); n > 0 {
		p.places = make([]place, n)
	}
	for i := range p.places {
		r.place(&p.places[i])
	}
	if flags&rowLive != 0 {
		p.live = &LivePart{Part: p.id, Ended: flags&rowGoes == 0}
	}
}

func (r *rowReader) place(at *place) {
	flags := byte(0)
	if f := r.bytes(1); f != "" {
		flags = f[0]
	}
	at.segment, at.first, at.count = r.string(), r.uvarint(), r.uvarint()
	if at.ended = flags&1 != 0; flags&2 != 0 {
		at.commits = true
		copy(at.commit[:], r.bytes(len(at.commit)))
	}
	if flags&4 == 0 {
		return
	}
	if at.count > uint64(len(r.b)) {
		r.fail = true
		return
	}
	at.offsets = make([]int64, at.count)
	offset := int64(0)
	for i := range at.offsets {
		offset += r.varint()
		at.offsets[i] = offset
	}
}

func (r *rowReader) call(c *Call) {
	var usual Call
	for _, s := range usual.usual() {
		*s = r.string()
	}
	seconds, nanos, zone := r.varint(), r.uvarint(), r.varint()
	rate, legs, from, offset, uncertainty := r.varint(), r.varint(), r.varint(), r.varint(), r.varint()
	if more := r.string(); more != "" && json.Unmarshal([]byte(more), c) != nil {
		r.fail = true
	}
	to := c.usual()
	for i, s := range usual.usual() {
		*to[i] = *s
	}
	c.Start = timeIn(time.Unix(seconds, int64(nanos)), int(zone))
	c.Format, c.From = pcm.Format{Rate: int(rate), Legs: int(legs)}, pcm.Pos(from)
	c.Clock.Offset, c.Clock.Uncertainty = time.Duration(offset), time.Duration(uncertainty)
}

// timeIn is t where it was written down, as JSON gives it back.
func timeIn(t time.Time, zone int) time.Time {
	if zone == 0 {
		return t.UTC()
	}
	if _, local := t.Local().Zone(); local == zone {
		return t.Local()
	}
	return t.In(time.FixedZone("", zone))
}
