package seal

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/fips140"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"testing"
)

// testdata/v1.json is a part of three boxes, all in hex, for whoever reads the format from
// its description. It is written once and never again.
var makeVectors = flag.Bool("make-vectors", false, "write the vectors, if they are missing")

const vectorsFile = "testdata/v1.json"

type vectors struct {
	Class, Day string
	Private    string // the period's private key
	Part       string
	Key        string // the part key, from which the next two are derived
	BoxKey     string
	Commitment string
	Locked     string // the part key, locked to the period
	Boxes      []vectorBox
}

type vectorBox struct {
	Number     uint64
	Kind       Kind
	Last       bool
	Before     string
	Additional string // data that is authenticated and not in the box
	Nonce      string
	Plain      string
	Box        string
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestVectors opens the vectors by this package, and computes them by the description alone.
func TestVectors(t *testing.T) {
	if *makeVectors {
		writeVectors(t)
	}
	b, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	priv, err := ParsePrivateKey(v.Class, v.Day, unhex(t, v.Private))
	if err != nil {
		t.Fatal(err)
	}
	part := PartID(unhex(t, v.Part))
	k, err := priv.Unlock(part, unhex(t, v.Locked))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(k.s.secret[:], unhex(t, v.Key)) {
		t.Error("unlocks to another key")
	}
	if err := k.Check([32]byte(unhex(t, v.Commitment))); err != nil {
		t.Error(err)
	}
	for i, box := range v.Boxes {
		at := Place{Part: part, Box: box.Number, Kind: box.Kind, Last: box.Last, Before: [32]byte(unhex(t, box.Before))}
		plain, err := k.Open(nil, at, unhex(t, box.Box))
		if err != nil || string(plain) != box.Plain {
			t.Errorf("box %d opens as %q, %v", i, plain, err)
		}
		if i > 0 && Hash(unhex(t, v.Boxes[i-1].Box)) != at.Before {
			t.Errorf("box %d does not follow on", i)
		}
		if fips140.Enforced() {
			continue // a nonce of our choice is refused there
		}
		if want := sealByHand(t, v, box); !bytes.Equal(want, unhex(t, box.Box)) {
			t.Errorf("box %d by hand is %x", i, want)
		}
	}
}

// sealByHand follows the description of the format and uses nothing of this package.
func sealByHand(t *testing.T, v vectors, box vectorBox) []byte {
	t.Helper()
	aad := []byte("linevault box\x01")
	aad = append(aad, unhex(t, v.Part)...)
	aad = binary.BigEndian.AppendUint64(aad, box.Number)
	last := byte(0)
	if box.Last {
		last = 1
	}
	aad = append(aad, byte(box.Kind), last)
	aad = append(aad, unhex(t, box.Before)...)
	if hex.EncodeToString(aad) != box.Additional {
		t.Errorf("additional data by hand is %x", aad)
	}
	boxKey, err := hkdf.Key(sha256.New, unhex(t, v.Key), nil, "linevault box key v1", 32)
	if err != nil || hex.EncodeToString(boxKey) != v.BoxKey {
		t.Errorf("box key by hand is %x, %v", boxKey, err)
	}
	block, err := aes.NewCipher(boxKey)
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	nonce := unhex(t, box.Nonce)
	return gcm.Seal(append([]byte{1}, nonce...), nonce, []byte(box.Plain), aad)
}

func writeVectors(t *testing.T) {
	t.Helper()
	count := func(from byte, n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = from + byte(i)
		}
		return hex.EncodeToString(b)
	}
	v := vectors{Class: "calls", Day: "2026-11-22", Private: count(0x00, 32), Part: count(0xa0, 16), Key: count(0x20, 32)}
	k := newKey(unhex(t, v.Key))
	v.BoxKey = hex.EncodeToString(derive(unhex(t, v.Key), "linevault box key v1"))
	commitment := k.Commitment()
	v.Commitment = hex.EncodeToString(commitment[:])
	priv, err := ParsePrivateKey(v.Class, v.Day, unhex(t, v.Private))
	if err != nil {
		t.Fatal(err)
	}
	l, err := priv.Public().Lock(PartID(unhex(t, v.Part)), k)
	if err != nil {
		t.Fatal(err)
	}
	v.Locked = hex.EncodeToString(l)
	var before [32]byte
	for i, plain := range []string{"what is known of the call", "about a second of sound", "how it ended"} {
		at := place(PartID(unhex(t, v.Part)), uint64(i), 3, before)
		var aad [placeSize]byte
		at.encode(&aad)
		box := vectorBox{
			Number: at.Box, Kind: at.Kind, Last: at.Last, Before: hex.EncodeToString(before[:]),
			Additional: hex.EncodeToString(aad[:]), Nonce: count(byte(0xc0+16*i), 12), Plain: plain,
		}
		sealed := sealByHand(t, v, box)
		box.Box, before = hex.EncodeToString(sealed), Hash(sealed)
		v.Boxes = append(v.Boxes, box)
	}
	b, err := json.MarshalIndent(v, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(vectorsFile, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(append(b, '\n')); err != nil {
		t.Fatal(err)
	}
}
