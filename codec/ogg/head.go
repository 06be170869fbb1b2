package ogg

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// vendor is what the comment header says made the file.
const vendor = "Linevault"

// Header is the two pages that a stream of so many legs begins with, which was sampled at
// rate. The tags are sorted, so the same tags give the same bytes.
func Header(legs, rate int, serial uint32, tags map[string]string) ([]byte, error) {
	head, err := opusHead(legs, rate)
	if err != nil {
		return nil, err
	}
	comments, err := opusTags(tags)
	if err != nil {
		return nil, err
	}
	b := Page{First: true, Serial: serial, Sizes: []int{len(head)}, Body: head}.Append(nil)
	return Page{Serial: serial, Sequence: 1, Sizes: []int{len(comments)}, Body: comments}.Append(b), nil
}

// HeaderPages is how many pages Header makes: the sequence number of the first page of sound.
const HeaderPages = 2

// opusHead is the identification header (RFC 7845 5.1).
func opusHead(legs, rate int) ([]byte, error) {
	b := append([]byte("OpusHead"), 1, byte(legs))
	b = binary.LittleEndian.AppendUint16(b, PreSkip)
	b = binary.LittleEndian.AppendUint32(b, uint32(rate))
	b = append(b, 0, 0) // no gain
	switch legs {
	case 1:
		return append(b, 0), nil // mapping family 0: mono
	case 2:
		// Mapping family 1: two streams, none coupled; near is left, far is right.
		return append(b, 1, 2, 0, 0, 1), nil
	}
	return nil, fmt.Errorf("ogg: %d legs: only 1 and 2 are possible", legs)
}

// opusTags is the comment header (RFC 7845 5.2). It must fit a page.
func opusTags(tags map[string]string) ([]byte, error) {
	b := append([]byte("OpusTags"), 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(b[8:], uint32(len(vendor)))
	b = append(b, vendor...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(tags)))
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r < 0x20 || r > 0x7d || r == '=' }) {
			return nil, fmt.Errorf("ogg: %q cannot be the name of a tag", name)
		}
		comment := name + "=" + tags[name]
		b = binary.LittleEndian.AppendUint32(b, uint32(len(comment)))
		b = append(b, comment...)
	}
	if segments(len(b)) > MaxSegments {
		return nil, fmt.Errorf("ogg: %d bytes of tags do not fit a page", len(b))
	}
	return b, nil
}

// Head is what a file's headers say of its sound.
type Head struct {
	Legs    int
	Rate    int // what was sampled; decoding may be at any rate that Opus has
	PreSkip int // at 48 kHz
	Tags    map[string]string
}

// parseHead reads an identification header of a kind that this package writes.
func parseHead(b []byte) (Head, error) {
	if len(b) < 19 || string(b[:8]) != "OpusHead" {
		return Head{}, errors.New("ogg: the stream is not Opus: its first packet is no OpusHead")
	}
	if b[8]&0xf0 != 0 {
		return Head{}, fmt.Errorf("ogg: version %d of Ogg Opus is not known", b[8])
	}
	h := Head{
		Legs:    int(b[9]),
		PreSkip: int(binary.LittleEndian.Uint16(b[10:])),
		Rate:    int(binary.LittleEndian.Uint32(b[12:])),
	}
	switch family, mapping := b[18], string(b[19:]); {
	case family == 0 && h.Legs == 1 && mapping == "":
	case family == 1 && h.Legs == 1 && mapping == "\x01\x00\x00":
	case family == 1 && h.Legs == 2 && mapping == "\x02\x00\x00\x01":
	default:
		return Head{}, fmt.Errorf("ogg: %d channels in mapping family %d: only one or two separate legs can be read", h.Legs, family)
	}
	return h, nil
}

// parseTags reads a comment header.
func parseTags(b []byte) (map[string]string, error) {
	broken := errors.New("ogg: the comment header is broken")
	if len(b) < 8 || string(b[:8]) != "OpusTags" {
		return nil, errors.New("ogg: the second packet is no OpusTags")
	}
	b = b[8:]
	number := func() (uint32, bool) {
		if len(b) < 4 {
			return 0, false
		}
		n := binary.LittleEndian.Uint32(b)
		b = b[4:]
		return n, true
	}
	text := func() (string, bool) {
		n, ok := number()
		if !ok || n > math.MaxInt32 || int(n) > len(b) {
			return "", false
		}
		s := string(b[:n])
		b = b[n:]
		return s, true
	}
	if _, ok := text(); !ok {
		return nil, broken
	}
	count, ok := number()
	if !ok {
		return nil, broken
	}
	tags := map[string]string{}
	for range count {
		comment, ok := text()
		if !ok {
			return nil, broken
		}
		if name, value, ok := strings.Cut(comment, "="); ok {
			tags[name] = value
		}
	}
	return tags, nil
}
