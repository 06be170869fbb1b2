package disclosure_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"linevault/codec/codectest"
	"linevault/codec/opus"
	"linevault/codec/pcm"
	"linevault/storage"
	"linevault/storage/checkpoint"
	"linevault/storage/disclosure"
	"linevault/storage/disclosure/maker"
	"linevault/storage/evidence"
	"linevault/storage/keys"
	"linevault/storage/ledger"
	"linevault/storage/storagetest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// box is a store with one call in it: two parts, a pause, and a second that a late mark
// withholds.
type box struct {
	dir  string
	call storage.Call
	k    *maker.Maker
}

func newBox(t testing.TB) *box {
	t.Helper()
	dir := storagetest.New(t)
	w, err := storage.OpenWriter(dir, storage.WriterOptions{})
	must(t, err)
	f := pcm.Format{Rate: 8000, Legs: 2}
	const from, half, end = 5000, 5000 + 9600, 5000 + 24000
	start := time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)
	b := &box{dir: dir, call: storage.Call{
		ID: storage.NewCallID(start), Line: "parking", Name: "Parking <fines>", LineNumber: "02079460100", FarNumber: "07700900123",
		Class: storagetest.Class, Format: f, Start: start, From: from, Clock: storage.ClockState{Source: "ntp", Offset: 12}, Software: "test",
	}}
	r, err := w.Begin(b.call)
	must(t, err)
	e, err := opus.NewEncoder(f)
	must(t, err)
	defer e.Close()
	speech := codectest.Speech(t, 2*(end-from))
	at := pcm.Pos(from)
	say := func(to pcm.Pos) {
		must(t, e.Encode(pcm.Frame{Pos: at, Format: f, PCM: speech[2*(at-from) : 2*(to-from)]}, r.Packet))
		at = to
	}
	say(from + 4800)
	must(t, e.Break(r.Packet))
	must(t, r.Gap(storage.Gap{Span: pcm.Span{From: at, To: half - 1600}, Cause: storage.Paused, By: "terminal parking-1", Reason: "card payment"}))
	at = half - 1600
	say(half)
	must(t, e.Break(r.Packet))
	r, err = r.Next(half, b.call)
	must(t, err)
	say(end)
	must(t, e.Break(r.Packet))
	must(t, r.Late(pcm.Span{From: half + 3000, To: half + 6000}, "terminal parking-1", "too late"))
	must(t, r.Finish(storage.End{At: end, Why: storage.HungUp}))
	must(t, w.Close())
	ring, err := keys.OpenRing(dir)
	must(t, err)
	store, err := storage.Open(dir, nil)
	must(t, err)
	t.Cleanup(store.Close)
	book, err := ledger.Open(dir, ring.Derive("ledger"))
	must(t, err)
	t.Cleanup(func() { must(t, book.Close()) })
	list, err := evidence.OpenCheckpoints(dir, ring.Derive(evidence.KeyPurpose), book)
	must(t, err)
	t.Cleanup(func() { must(t, list.Close()) })
	b.k = &maker.Maker{
		Store: store, Book: book, Register: evidence.New(store, book), Checkpoints: list, Software: "Linevault test", Now: time.Now,
	}
	return b
}

var request = disclosure.Request{
	By: "command line: amina", To: "Ms Example", Basis: "UK GDPR article 15", Purpose: "subject access request", Reference: "SAR-17",
}

// pack makes a pack and returns its bytes.
func (b *box) pack(t testing.TB) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "pack.zip")
	_, err := b.k.Make(b.call.ID, request, out)
	must(t, err)
	p, err := os.ReadFile(out)
	must(t, err)
	return p
}

func (b *box) key() checkpoint.PublicKey { return b.k.Checkpoints.PublicKey() }

func verify(t testing.TB, pack []byte, key checkpoint.PublicKey) *disclosure.Result {
	t.Helper()
	r, err := disclosure.Verify(bytes.NewReader(pack), int64(len(pack)), key)
	must(t, err)
	return r
}

// unzip reads a pack with the standard library's reader.
func unzip(t testing.TB, pack []byte) (files []disclosure.Content, text map[string][]byte) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(pack), int64(len(pack)))
	must(t, err)
	text = map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		must(t, err)
		b, err := io.ReadAll(r)
		must(t, err)
		if f.Method != zip.Store {
			t.Errorf("%s is compressed", f.Name)
		}
		text[f.Name] = b
		files = append(files, disclosure.Bytes(f.Name, b))
	}
	return files, text
}

// repack makes a pack of files as someone would who knows the format: sums and CRCs are right.
func repack(t testing.TB, text map[string][]byte) []byte {
	t.Helper()
	var files []disclosure.Content
	for _, name := range disclosure.Names() {
		if name != disclosure.NameSums {
			files = append(files, disclosure.Bytes(name, text[name]))
		}
	}
	var b bytes.Buffer
	must(t, disclosure.Write(&b, files))
	return b.Bytes()
}

func TestPack(t *testing.T) {
	b := newBox(t)
	p := b.pack(t)
	r := verify(t, p, b.key())
	if !r.OK() || !r.Trusted {
		t.Fatalf("%+v", r)
	}
	if r := verify(t, p, ""); !r.OK() || r.Trusted || r.Key != b.key() {
		t.Fatalf("%+v", r)
	}
	m := r.Manifest
	if len(m.Parts) != 2 || len(m.Gaps) != 2 || m.Gaps[0].Cause != "paused" || m.Gaps[1].Cause != "withheld" ||
		m.Parts[0].Gaps[0] != m.Gaps[0] || m.Request != request || m.Call.Clock.Source != "ntp" {
		t.Errorf("%+v", m)
	}
	events, err := b.k.Book.Events(0, b.k.Book.Len())
	must(t, err)
	if n := len(events); n != 3 || events[2].Kind != "disclosure" || events[2].Who != request.By || events[2].Data["to"] != request.To {
		t.Errorf("%+v", events)
	}
	_, text := unzip(t, p)
	if !bytes.HasPrefix(text["call.ogg"], []byte("OggS")) || !bytes.HasPrefix(text["call.wav"], []byte("RIFF")) || len(text["call.wav"]) != 44+24000*4 {
		t.Errorf("sound of %d and %d bytes", len(text["call.ogg"]), len(text["call.wav"]))
	}
	for _, want := range []string{"card payment", "Ms Example", "UK GDPR article 15", "SAR-17", b.key().Fingerprint(), "07700900123"} {
		if !bytes.Contains(text["statement.txt"], []byte(want)) || !bytes.Contains(text["statement.html"], []byte(want)) {
			t.Errorf("the statements do not say %q", want)
		}
	}
	if n := bytes.Count(text["statement.txt"], []byte("\n")); n > 60 {
		t.Errorf("the statement has %d lines: more than a page", n)
	}
	if bytes.Contains(text["statement.html"], []byte("<fines>")) {
		t.Error("the page takes a name for HTML")
	}
	// A second pack has an entry of its own.
	if r := verify(t, b.pack(t), b.key()); !r.OK() || r.Entry != 3 {
		t.Errorf("%+v", r)
	}
}

// TestOtherTools: unzip and sha256sum agree with us about a pack.
func TestOtherTools(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "pack.zip"), newBox(t).pack(t), 0o600))
	for _, line := range []string{"unzip -q pack.zip", "sha256sum --strict -c SHA256SUMS", "opusinfo call.ogg"} {
		args := strings.Fields(line)
		if _, err := exec.LookPath(args[0]); err != nil {
			t.Logf("no %s here", args[0])
			if args[0] == "unzip" {
				_, text := unzip(t, newBox(t).pack(t))
				for name, b := range text {
					must(t, os.WriteFile(filepath.Join(dir, name), b, 0o600))
				}
			}
			continue
		}
		c := exec.Command(args[0], args[1:]...)
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
}

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

func unzipped(t *testing.T, pack []byte, name string) []byte {
	_, text := unzip(t, pack)
	return text[name]
}

// TestPrint: what is printed says by what the signature is trusted, or what is wrong.
func TestPrint(t *testing.T) {
	b := newBox(t)
	p := b.pack(t)
	for _, c := range []struct {
		pack []byte
		key  checkpoint.PublicKey
		want []string
	}{
		{p, b.key(), []string{"PROVED.\n", "trusted by the key that you gave, " + b.key().Name(), "What it does not prove"}},
		{p, "", []string{"CONSISTENT, and signed by a key that you must still compare", "whoever made the pack chose it", b.key().Fingerprint()}},
		{p[:100], "", []string{"NOT PROVED", "the pack: its end is not"}},
	} {
		var w strings.Builder
		must(t, verify(t, c.pack, c.key).Print(&w))
		for _, want := range c.want {
			if !strings.Contains(w.String(), want) {
				t.Errorf("%s\nlacks %q", w.String(), want)
			}
		}
	}
}

// TestRefused: a call that is live or damaged is not disclosed, and nothing is written.
func TestRefused(t *testing.T) {
	b := newBox(t)
	out := filepath.Join(t.TempDir(), "pack.zip")
	if _, err := b.k.Make("NONE", request, out); err == nil {
		t.Error("a call that is not there")
	}
	if _, err := b.k.Make(b.call.ID, request, filepath.Join(out, "in", "none")); err == nil {
		t.Error("a folder that is not there")
	}
	segments, err := filepath.Glob(filepath.Join(b.dir, "segments", "*.seg"))
	must(t, err)
	f, err := os.OpenFile(segments[0], os.O_RDWR, 0)
	must(t, err)
	defer f.Close()
	whole, err := io.ReadAll(f)
	must(t, err)
	flip := func() {
		at := int64(len(whole) / 2)
		_, err := f.WriteAt([]byte{whole[at] ^ 1}, at)
		must(t, err)
	}
	flip()
	b.k.Store, err = storage.Open(b.dir, nil) // which has read nothing yet
	must(t, err)
	defer b.k.Store.Close()
	if _, err := b.k.Make(b.call.ID, request, out); !errors.Is(err, maker.ErrDamaged) {
		t.Errorf("a damaged call: %v", err)
	}
	_, err = f.WriteAt(whole, 0)
	must(t, err)
	if left, err := os.ReadDir(filepath.Dir(out)); err != nil || len(left) > 0 {
		t.Error(left, err)
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
