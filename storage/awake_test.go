package storage

import (
	"reflect"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/storage/seal"
)

// In these tests every call falls asleep at once, so that all of them wake calls again.
func init() { keepAwake = -1 }

// fillIn sets every field of v, however deep, to something that is not its zero value.
func fillIn(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Date(2026, 11, 22, 9, *n%60, 1, *n, time.UTC)))
			return
		}
		for _, field := range v.Fields() {
			fillIn(field, n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fillIn(v.Index(i), n)
		}
	case reflect.String:
		v.SetString("text " + string(rune('a'+*n%26)))
	case reflect.Bool:
		v.SetBool(true)
	default:
		v.Set(reflect.ValueOf(int64(*n)).Convert(v.Type()))
	}
}

// Every field of a call, an end and a gap comes back from a row, also those that are yet to be
// thought of.
func TestRowHasEverything(t *testing.T) {
	n := 0
	p := &storedPart{id: seal.NewPartID(), period: period{"standard", "2026-11-22"}}
	fillIn(reflect.ValueOf(&p.head.Call).Elem(), &n)
	p.head.Number, p.head.Before = 3, "before"
	p.end = &End{}
	fillIn(reflect.ValueOf(p.end).Elem(), &n)
	p.call, p.listed, p.damaged, p.bytes = p.head.Call, true, true, 1<<40
	p.call.Start = time.Date(2026, 7, 1, 1, 2, 3, 4, time.FixedZone("", 3600))
	p.span = pcm.Span{From: -5, To: 1 << 50}
	for range 3 {
		var g Gap
		fillIn(reflect.ValueOf(&g).Elem(), &n)
		p.gaps, p.late = append(p.gaps, g), append(p.late, g)
	}
	p.places = []place{
		{segment: "a.seg", first: 1, count: 3, offsets: []int64{100, 4, 1 << 40}, commits: true, commit: [32]byte{1, 31: 2}},
		{segment: "b.seg", first: 1 << 33, count: 1 << 34, ended: true},
	}
	p.live = &LivePart{Part: p.id}
	var a Annotation
	fillIn(reflect.ValueOf(&a).Elem(), &n)
	row := appendRow(nil, []*storedPart{p, p}, []Annotation{a})
	parts, said, err := readRow(row)
	if err != nil || len(parts) != 2 || !reflect.DeepEqual(said, []Annotation{a}) {
		t.Fatalf("%d parts, %v, %v", len(parts), said, err)
	}
	for _, got := range parts {
		if !got.call.Start.Equal(p.call.Start) {
			t.Errorf("%v", got.call.Start)
		}
		got.call.Start = p.call.Start // the same moment, in a zone of its own
		if !reflect.DeepEqual(got, p) {
			t.Errorf("%+v\nis not %+v", got, p)
		}
	}
	for i := range row {
		if _, _, err := readRow(row[:i]); err == nil && i < len(row)-len(`[{"id":""`) {
			// Only a row whose annotations are cut off whole can pass for one without.
			if parts, said, _ := readRow(row[:i]); said != nil || len(parts) != 2 {
				t.Errorf("cut at %d it is read", i)
			}
		}
	}
}

// A reader of rows ends, within bounds, whatever the bytes.
func FuzzRow(f *testing.F) {
	p := &storedPart{summary: summary{end: &End{}, gaps: []Gap{{Cause: Lost}}}, places: []place{{segment: "a", count: 2, offsets: []int64{1, 2}}}}
	f.Add(appendRow(nil, []*storedPart{p}, []Annotation{{ID: "x", Kind: Rate}}))
	f.Add([]byte{1, 1})
	f.Fuzz(func(t *testing.T, row []byte) {
		parts, said, err := readRow(row)
		if err != nil {
			return
		}
		again, _, err := readRow(appendRow(nil, parts, said))
		if err != nil || len(again) != len(parts) {
			t.Errorf("%v", err)
		}
	})
}
