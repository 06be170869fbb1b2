package disclosure_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"linevault/storage"
	"linevault/storage/checkpoint"
	"linevault/storage/disclosure/maker"
	"linevault/storage/segment"
)

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

// flip changes a bit of a box in a segment.
func flip(t *testing.T, f *os.File, whole []byte) {
	t.Helper()
	r, err := segment.Open(filepath.Dir(f.Name()), filepath.Base(f.Name()))
	must(t, err)
	defer r.Close()
	entries := r.Scan(func(err error) { t.Error(err) })
	_, sealed, err := r.Read(entries[0].Offsets[1])
	must(t, err)
	at := int64(bytes.Index(whole, sealed[:20]))
	_, err = f.WriteAt([]byte{whole[at] ^ 1}, at)
	must(t, err)
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
	flip(t, f, whole)
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
