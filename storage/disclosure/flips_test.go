package disclosure_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"linevault/storage/disclosure"
)

// blames reports whether a problem is about what.
func blames(r *disclosure.Result, what string) bool {
	return slices.ContainsFunc(r.Problems, func(p string) bool { return strings.HasPrefix(p, what+": ") })
}

// flips is how many single-bit flips are tried.
const flips = 10_000

// TestFlips: of 10,000 packs with one bit changed, anywhere, none is taken, and each is
// refused because of the file that the bit lies in, or because of the pack around it.
func TestFlips(t *testing.T) {
	b := newBox(t)
	p := b.pack(t)
	where := func(at int) string { return "the pack" }
	files, _ := unzip(t, p)
	z, err := zip.NewReader(bytes.NewReader(p), int64(len(p)))
	must(t, err)
	var from []int
	for _, f := range z.File {
		at, err := f.DataOffset()
		must(t, err)
		from = append(from, int(at))
	}
	where = func(at int) string {
		for i, f := range files {
			if at >= from[i] && at < from[i]+int(f.Size) {
				return f.Name
			}
		}
		return "the pack"
	}
	var wait sync.WaitGroup
	for worker := range 2 {
		wait.Go(func() {
			rnd := rand.New(rand.NewPCG(11, uint64(worker)))
			changed := slices.Clone(p)
			for i := range flips / 2 {
				at := rnd.IntN(len(p))
				if i%2 == 0 { // every other one where it is not sound
					for strings.HasPrefix(where(at), "call.") {
						at = rnd.IntN(len(p))
					}
				}
				bit := byte(1) << rnd.IntN(8)
				changed[at] ^= bit
				key := b.key()
				if i%3 == 0 {
					key = ""
				}
				r, err := disclosure.Verify(bytes.NewReader(changed), int64(len(changed)), key)
				if err != nil || r.OK() || !blames(r, where(at)) {
					t.Errorf("bit %#x of byte %d, in %s: %v, %v", bit, at, where(at), r.Problems, err)
				}
				changed[at] ^= bit
			}
		})
	}
	wait.Wait()
}

// TestKnowingFlips: who changes a bit of a file and makes sums and CRCs right again is found
// out by what is signed.
func TestKnowingFlips(t *testing.T) {
	b := newBox(t)
	_, text := unzip(t, b.pack(t))
	rnd := rand.New(rand.NewPCG(12, 1))
	for _, name := range disclosure.Names() {
		if name == disclosure.NameSums {
			continue
		}
		for range 150 {
			at, bit := rnd.IntN(len(text[name])), byte(1)<<rnd.IntN(8)
			text[name][at] ^= bit
			r := verify(t, repack(t, text), b.key())
			if r.OK() || !blames(r, name) {
				t.Errorf("bit %#x of byte %d of %s: %v", bit, at, name, r.Problems)
			}
			text[name][at] ^= bit
		}
	}
}

// TestStructure: packs put together otherwise are refused for what was done to them.
func TestStructure(t *testing.T) {
	b := newBox(t)
	p, later := b.pack(t), b.pack(t)
	stranger := newBox(t)
	files, _ := unzip(t, p)
	_, other := unzip(t, stranger.pack(t))
	_, second := unzip(t, later)
	anyhow := func(files []disclosure.Content) []byte {
		var w bytes.Buffer
		must(t, disclosure.WriteAnyhow(&w, files))
		return w.Bytes()
	}
	edit := func(change func(text map[string][]byte, m *disclosure.Manifest, l *disclosure.Proofs)) []byte {
		_, text := unzip(t, p)
		var m disclosure.Manifest
		var l disclosure.Proofs
		must(t, json.Unmarshal(text["manifest.json"], &m))
		must(t, json.Unmarshal(text["ledger.json"], &l))
		change(text, &m, &l)
		var err error
		if slices.Equal(text["manifest.json"], unzipped(t, p, "manifest.json")) {
			text["manifest.json"], err = m.Encode()
			must(t, err)
		}
		if slices.Equal(text["ledger.json"], unzipped(t, p, "ledger.json")) {
			text["ledger.json"], err = l.Encode()
			must(t, err)
		}
		return repack(t, text)
	}
	type texts = map[string][]byte
	type man = *disclosure.Manifest
	type led = *disclosure.Proofs
	cases := []struct {
		name string
		pack []byte
		want string
	}{
		{"nothing", nil, "the pack: it is no disclosure pack"},
		{"another zip", func() []byte {
			var w bytes.Buffer
			z := zip.NewWriter(&w)
			_, err := z.Create("call.ogg")
			must(t, err)
			must(t, z.Close())
			return w.Bytes()
		}(), "the pack: "},
		{"cut short", p[:len(p)-1], "the pack: its end is not that"},
		{"lengthened", append(slices.Clone(p), 0), "the pack: its end is not that"},
		{"with something before it", append([]byte{0}, p...), "the pack: "},
		{"files the other way round", anyhow(func() []disclosure.Content {
			f := slices.Clone(files)
			f[3], f[4] = f[4], f[3]
			return f
		}()), "the pack: its files are not in their order: call.wav is where call.ogg belongs"},
		{"another file", anyhow(append(slices.Clone(files), disclosure.Bytes("call.mp3", nil))), `the pack: "call.mp3" does not belong in it`},
		{"date changed", edit(func(_ texts, m man, _ led) { m.Call.Start = m.Call.Start.AddDate(0, 0, -1) }), "manifest.json: the call does not begin or end when its parts do"},
		{"all dates changed", edit(func(_ texts, m man, _ led) {
			m.Call.Start = m.Call.Start.AddDate(0, 0, -1)
			for i := range m.Parts {
				m.Parts[i].Start = m.Parts[i].Start.AddDate(0, 0, -1)
			}
		}), "manifest.json: what it says of part 0 (start) is not what the ledger says of it"},
		{"made on another day", edit(func(_ texts, m man, _ led) { m.Made = m.Made.AddDate(0, 0, -1) }), "manifest.json: it is not the manifest that the ledger's entry"},
		{"for another", edit(func(_ texts, m man, _ led) { m.Request.To = "Mr Else" }), "manifest.json: it is not the manifest that the ledger's entry"},
		{"a gap less", edit(func(_ texts, m man, _ led) { m.Parts[0].Gaps = []disclosure.Gap{} }), "manifest.json: what it says of part 0 (gaps) is not what"},
		{"a box less", edit(func(_ texts, m man, _ led) { m.Parts[1].Boxes = m.Parts[1].Boxes[1:] }), "manifest.json: what it says of part 1 (boxes) is not what"},
		{"boxes the other way round", edit(func(_ texts, m man, _ led) { slices.Reverse(m.Parts[1].Boxes) }), "manifest.json: what it says of part 1 (boxes_sha256) is not what"},
		{"a part less", edit(func(_ texts, m man, l led) { m.Parts, l.Entries = m.Parts[1:], l.Entries[1:] }), "manifest.json: part 0 of the call is missing"},
		{"the last part less", edit(func(_ texts, m man, l led) {
			m.Parts, l.Entries = m.Parts[:1], slices.Delete(l.Entries, 1, 2)
		}), "manifest.json: the call does not begin or end when its parts do"},
		{"a part twice", edit(func(_ texts, m man, l led) {
			m.Parts, l.Entries = append(m.Parts[:1], m.Parts...), append(l.Entries[:1], l.Entries...)
		}), "manifest.json: part 1 of the call is missing"},
		{"parts the other way round", edit(func(_ texts, m man, l led) {
			slices.Reverse(m.Parts)
			l.Entries[0], l.Entries[1] = l.Entries[1], l.Entries[0]
		}), "manifest.json: part 0 of the call is missing, or the parts are not in their order"},
		{"entries the other way round", edit(func(_ texts, _ man, l led) { l.Entries[0], l.Entries[1] = l.Entries[1], l.Entries[0] }), "manifest.json: what it says of part 0"},
		{"an entry less", edit(func(_ texts, _ man, l led) { l.Entries = l.Entries[1:] }), "ledger.json: it has 2 entries"},
		{"an entry with another number", edit(func(_ texts, _ man, l led) { l.Entries[0].Index = 2 }), "ledger.json: entry 2 is not in the ledger"},
		{"an entry of the future", edit(func(_ texts, _ man, l led) { l.Entries[0].Index = 99 }), "ledger.json: entry 99 is not in the ledger that the checkpoint is of, which has 3"},
		{"a proof cut", edit(func(_ texts, _ man, l led) { l.Entries[0].Hashes = l.Entries[0].Hashes[1:] }), "ledger.json: entry "},
		{"another size", edit(func(_ texts, _ man, l led) { l.Size++ }), "ledger.json: its proofs are for a ledger of 4 entries and the checkpoint is of 3"},
		{"written otherwise", edit(func(x texts, _ man, _ led) { x["manifest.json"] = append(x["manifest.json"], ' ') }), "manifest.json: it is not written as"},
		{"of a newer format", edit(func(_ texts, m man, _ led) { m.Format = 2 }), "manifest.json: it is of format 2 and this program knows up to 1"},
		{"another box's checkpoint", edit(func(x texts, _ man, _ led) { x["checkpoint.txt"] = other["checkpoint.txt"] }), "checkpoint.txt: the checkpoint is not signed by the key " + b.key().Name()},
		{"another box's checkpoint and key", edit(func(x texts, _ man, _ led) {
			x["checkpoint.txt"], x["key.txt"] = other["checkpoint.txt"], other["key.txt"]
		}), "key.txt: the pack is of the box " + stranger.key().Name()},
		{"another box's ledger", edit(func(x texts, _ man, _ led) { x["ledger.json"] = other["ledger.json"] }), "ledger.json: entry "},
		{"a later checkpoint", edit(func(x texts, _ man, _ led) { x["checkpoint.txt"] = second["checkpoint.txt"] }), "ledger.json: its proofs are for a ledger of 3 entries"},
		{"another disclosure's manifest", edit(func(x texts, _ man, _ led) { x["manifest.json"] = second["manifest.json"] }), "manifest.json: it is not the manifest that the ledger's entry"},
		{"another call's sound", edit(func(x texts, _ man, _ led) { x["call.wav"] = x["call.ogg"] }), "call.wav: it is not the file that the manifest lists"},
		{"another statement", edit(func(x texts, _ man, _ led) { x["statement.txt"] = []byte("All is well.\n") }), "statement.txt: it is not the file that the manifest lists"},
		{"another box's pack", repack(t, other), "key.txt: the pack is of the box " + stranger.key().Name() + " and the key that you gave is of " + b.key().Name()},
	}
	for i, name := range disclosure.Names() {
		cases = append(cases, struct {
			name string
			pack []byte
			want string
		}{"without " + name, anyhow(slices.Delete(slices.Clone(files), i, i+1)), "the pack: " + name + " is missing from it"})
		cases = append(cases, struct {
			name string
			pack []byte
			want string
		}{"twice " + name, anyhow(slices.Insert(slices.Clone(files), i, files[i])), `the pack: "` + name + `" is in it twice`})
	}
	for _, c := range cases {
		r := verify(t, c.pack, b.key())
		if r.OK() || !slices.ContainsFunc(r.Problems, func(p string) bool { return strings.HasPrefix(p, c.want) }) {
			t.Errorf("%s: %q, and not %q", c.name, r.Problems, c.want)
		}
	}
}

func FuzzVerify(f *testing.F) {
	b := newBox(f)
	p := b.pack(f)
	f.Add(p[len(p)-2000:])
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	var w bytes.Buffer
	must(f, disclosure.WriteAnyhow(&w, []disclosure.Content{disclosure.Bytes("a", []byte("b"))}))
	f.Add(w.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := disclosure.Verify(bytes.NewReader(b), int64(len(b)), "")
		if err != nil || r.OK() {
			t.Fatal(r, err)
		}
	})
}

// FuzzText verifies packs whose texts are anything, with right sums and CRCs.
func FuzzText(f *testing.F) {
	b := newBox(f)
	_, text := unzip(f, b.pack(f))
	text["call.wav"], text["call.ogg"] = nil, nil
	f.Add(text["manifest.json"], text["ledger.json"], text["checkpoint.txt"], text["key.txt"])
	f.Add([]byte(`{"format":1}`), []byte(`{"size":1,"entries":[{"index":-1}]}`), []byte("\n"), []byte("a+b+c"))
	f.Fuzz(func(t *testing.T, manifest, ledger, point, key []byte) {
		r := verify(t, repack(t, map[string][]byte{"manifest.json": manifest, "ledger.json": ledger, "checkpoint.txt": point, "key.txt": key}), "")
		if r.OK() {
			t.Fatal("a pack without sound is taken")
		}
		var w bytes.Buffer
		must(t, r.Print(&w))
	})
}
