package storage

import (
	"encoding/binary"
	"encoding/json"
	"time"

	"linevault/codec/pcm"
	"linevault/storage/keys"
	"linevault/storage/seal"
)

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
