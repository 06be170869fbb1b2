package sound

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"sort"
	"time"

	"linevault/codec"
	"linevault/codec/ogg"
	"linevault/codec/opus"
	"linevault/codec/pcm"
	"linevault/storage"
)

// Ogg is a call as an Ogg Opus file, of the very packets that were recorded. The same place
// of the file has the same bytes however it is reached. It belongs to one goroutine.
type Ogg struct {
	src    source
	call   storage.Call
	layout *layout
	serial uint32
	header []byte
	tag    string
	at     int64

	made  int // the chunk that page holds, -1: none
	page  []byte
	body  []byte
	sizes []int
}

// NewOgg lays out the file of a call. No box is opened until its page is read.
func NewOgg(p *storage.Playback) (*Ogg, error) { return newOgg(p, p.Row().Call) }

func newOgg(src source, call storage.Call) (*Ogg, error) {
	runs := src.Runs()
	if err := check(call, runs); err != nil {
		return nil, err
	}
	fill, err := fillerFor(call.Format)
	if err != nil {
		return nil, err
	}
	serial := fnv.New32a()
	serial.Write([]byte(call.ID))
	o := &Ogg{src: src, call: call, serial: serial.Sum32(), tag: tag("ogg", call, runs), made: -1}
	o.header, err = ogg.Header(call.Format.Legs, call.Format.Rate, o.serial, map[string]string{
		"TITLE": "Call " + string(call.ID),
		"DATE":  call.Start.UTC().Format(time.RFC3339),
	})
	if err != nil {
		return nil, err
	}
	o.layout = arrange(call.Format, fill, runs, int64(len(o.header)))
	return o, nil
}

// Size is how many bytes the file has.
func (o *Ogg) Size() int64 { return o.layout.size() }

// ETag names this very content, in the quotes of HTTP.
func (o *Ogg) ETag() string { return o.tag }

// Seek implements io.Seeker.
func (o *Ogg) Seek(offset int64, whence int) (at int64, err error) {
	o.at, err = seek(o.at, o.Size(), offset, whence)
	return o.at, err
}

// Read implements io.Reader. After a *storage.DamagedError the file is another: make it anew.
func (o *Ogg) Read(b []byte) (int, error) {
	switch {
	case len(b) == 0:
		return 0, nil
	case o.at >= o.Size():
		return 0, io.EOF
	case o.at < int64(len(o.header)):
		n := copy(b, o.header[o.at:])
		o.at += int64(n)
		return n, nil
	}
	chunks := o.layout.chunks
	i := sort.Search(len(chunks), func(i int) bool { return chunks[i].offset > o.at }) - 1
	if err := o.make(i); err != nil {
		return 0, fmt.Errorf("playing call %s: %w", o.call.ID, err)
	}
	n := copy(b, o.page[o.at-chunks[i].offset:])
	o.at += int64(n)
	return n, nil
}

// make makes the pages of chunk i.
func (o *Ogg) make(i int) error {
	if o.made == i {
		return nil
	}
	o.made = -1
	c := o.layout.chunks[i]
	pages := pager{ogg: o, chunk: c, last: i == len(o.layout.chunks)-1, at: c.at, sequence: c.sequence}
	o.page, o.body, o.sizes = o.page[:0], o.body[:0], o.sizes[:0]
	var err error
	if c.fill != nil {
		err = pages.gap()
	} else {
		err = pages.sound()
	}
	if err != nil {
		return err
	}
	if err := pages.flush(); err != nil {
		return err
	}
	if int64(len(o.page)) != c.size || pages.at != c.at+c.raw {
		return fmt.Errorf("%d bytes and %d samples where the index of its boxes says %d and %d",
			len(o.page), pages.at-c.at, c.size, c.raw)
	}
	o.made = i
	return nil
}

// pager makes the pages of one chunk in its Ogg's memory.
type pager struct {
	ogg      *Ogg
	chunk    chunk
	last     bool // the stream ends with this chunk
	at       pcm.Pos
	sequence uint32
	legs     [pcm.MaxLegs][]byte // of the instant being put together
	store    []byte              // which the legs lie in
}

func (p *pager) gap() error {
	for i := p.chunk.first; i < p.chunk.last; i++ {
		f := p.chunk.fill.at(i)
		p.ogg.body = append(p.ogg.body, f.data...)
		p.add(len(f.data), f.raw)
	}
	return nil
}

func (p *pager) sound() error {
	for i := p.chunk.first; i < p.chunk.last; i++ {
		if err := sound(p.ogg.src, i, p.packet); err != nil {
			return err
		}
	}
	return nil
}

// packet takes in one packet of one leg.
func (p *pager) packet(one codec.Packet) error {
	legs := p.ogg.layout.format.Legs
	if int(one.Leg) >= legs {
		return fmt.Errorf("a packet of leg %d of %d", one.Leg, legs)
	}
	start := len(p.store)
	p.store = append(p.store, one.Data...)
	p.legs[one.Leg] = p.store[start:len(p.store):len(p.store)]
	if int(one.Leg) < legs-1 {
		return nil
	}
	p.store = p.store[:0]
	before := len(p.ogg.body)
	body, err := ogg.Join(p.ogg.body, p.legs[:legs]...)
	if err != nil {
		return err
	}
	p.legs = [pcm.MaxLegs][]byte{}
	raw, err := opus.Samples(one.Data, p.ogg.layout.format.Rate)
	if err != nil {
		return err
	}
	if p.chunk.pages > 1 && len(p.ogg.sizes) == splitFrames {
		joined := len(body) - before
		if err := p.flush(); err != nil {
			return err
		}
		body = append(p.ogg.body, body[before:before+joined]...)
	}
	n := len(body) - len(p.ogg.body)
	p.ogg.body = body
	p.add(n, pcm.Pos(raw))
	return nil
}

// add counts a packet of n bytes at the end of the body.
func (p *pager) add(n int, raw pcm.Pos) {
	p.ogg.sizes = append(p.ogg.sizes, n)
	p.at += raw
}

// flush ends the page.
func (p *pager) flush() error {
	lacing := 0
	for _, n := range p.ogg.sizes {
		lacing += n/255 + 1
	}
	if lacing > ogg.MaxSegments {
		return errors.New("more packets than the index of their boxes says")
	}
	l := p.ogg.layout
	page := ogg.Page{
		Last:     p.last && p.at == p.chunk.at+p.chunk.raw,
		Granule:  int64(p.at) * ogg.Clock / int64(l.format.Rate),
		Serial:   p.ogg.serial,
		Sequence: p.sequence,
		Sizes:    p.ogg.sizes,
		Body:     p.ogg.body,
	}
	if page.Last {
		page.Granule = int64(l.end) * ogg.Clock / int64(l.format.Rate)
	}
	p.ogg.page = page.Append(p.ogg.page)
	p.ogg.body, p.ogg.sizes = p.ogg.body[:0], p.ogg.sizes[:0]
	p.sequence++
	return nil
}
