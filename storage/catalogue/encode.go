package catalogue

import (
	"encoding/binary"
	"errors"
	"slices"
	"unsafe"
)

// ErrDamaged is a snapshot that was not written by this index, or not whole. It is to be made
// anew.
var ErrDamaged = errors.New("the catalogue's snapshot is damaged or foreign")

type integer interface {
	~uint16 | ~uint32 | ~uint64 | ~int64
}

func put[T integer](b []byte, list []T) []byte {
	b = binary.AppendUvarint(b, uint64(len(list)))
	b, err := binary.Append(b, binary.LittleEndian, list)
	if err != nil {
		panic("catalogue: " + err.Error()) // integers have a size
	}
	return b
}

func putBytes(b, s []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// decoder reads what put wrote; after something that cannot be read, fail is set.
type decoder struct {
	b    []byte
	fail bool
}

func (d *decoder) count(size int) int {
	v, n := binary.Uvarint(d.b)
	if n <= 0 || v > uint64((len(d.b)-n)/size) {
		d.fail, d.b = true, nil
		return 0
	}
	d.b = d.b[n:]
	return int(v)
}

// sameOrder reports whether this machine keeps integers as the file does, least byte first.
var sameOrder = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// take copies bytes as they are where it can: a start reads gigabytes of small numbers.
func take[T integer](d *decoder) []T {
	size := int(unsafe.Sizeof(T(0)))
	list := make([]T, d.count(size))
	n := len(list) * size
	from := d.b[:n]
	d.b = d.b[n:]
	if sameOrder {
		copy(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(list))), n), from)
		return list
	}
	if _, err := binary.Decode(from, binary.LittleEndian, list); err != nil {
		d.fail = true
		return nil
	}
	return list
}

// bytes is a copy.
func (d *decoder) bytes() []byte {
	n := d.count(1)
	b := slices.Clone(d.b[:n])
	d.b = d.b[n:]
	return b
}

// encode writes a block, but for its rows, which end at these places in its file.
func (b *block) encode(rowEnds []uint32) []byte {
	out := make([]byte, 0, 80*len(b.ids)+1<<16)
	out = binary.AppendUvarint(out, uint64(len(b.ids)))
	for i := range b.ids {
		out = append(out, b.ids[i][:]...)
	}
	out = put(out, rowEnds)
	out = put(out, b.start)
	out = put(out, b.length)
	out = put(out, b.byLength)
	for _, n := range []*numbers{b.far, b.own} {
		out = put(out, n.table)
		out = binary.AppendUvarint(out, uint64(len(n.odd)))
		for _, s := range n.odd {
			out = putBytes(out, []byte(s))
		}
		out = put(out, n.index)
		out = put(out, n.starts)
		out = put(out, n.places)
		out = put(out, n.back)
		out = put(out, n.grams)
		out = put(out, n.of)
	}
	t := b.terms
	out = putBytes(out, t.text)
	out = put(out, t.ends)
	out = put(out, t.counts)
	out = put(out, t.at)
	out = put(out, t.lists)
	return put(out, t.sets)
}

// decodeBlock is the reverse of encode.
func decodeBlock(data []byte) (b *block, rowEnds []uint32, err error) {
	d := &decoder{b: data}
	b = &block{}
	b.ids = make([]ID, d.count(len(ID{})))
	for i := range b.ids {
		d.b = d.b[copy(b.ids[i][:], d.b):]
	}
	rowEnds = take[uint32](d)
	b.start, b.length, b.byLength = take[int64](d), take[uint32](d), take[uint16](d)
	b.far, b.own = d.numbers(), d.numbers()
	t := &terms{text: d.bytes()}
	t.ends, t.counts, t.at = take[uint32](d), take[uint32](d), take[uint32](d)
	t.lists, t.sets = take[uint16](d), take[uint64](d)
	b.terms = t
	if d.fail || len(d.b) > 0 || len(rowEnds) != len(b.ids) || !b.sound() {
		return nil, nil, ErrDamaged
	}
	b.points, b.outline = newPoints(b), b.outlined()
	t.prepare()
	b.far.prepare()
	b.own.prepare()
	return b, rowEnds, nil
}

func (d *decoder) numbers() *numbers {
	n := &numbers{table: take[uint64](d)}
	for range d.count(1) {
		n.odd = append(n.odd, string(d.bytes()))
	}
	n.index, n.starts, n.places = take[uint16](d), take[uint16](d), take[uint16](d)
	n.back, n.grams, n.of = take[uint16](d), take[uint32](d), take[uint16](d)
	return n
}
