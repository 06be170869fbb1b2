package disclosure_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
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
	w, err := storage.OpenWriter(dir, storage.WriterOptions{Now: storagetest.Clock()})
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
