package seal

import (
	"bytes"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	k := NewKey()
	at := Place{Part: NewPartID(), Box: 7, Kind: Sound, Before: Hash([]byte("before"))}
	plain := []byte("a second of sound")
	box := k.Seal([]byte("kept"), at, plain)
	if !bytes.HasPrefix(box, []byte("kept")) || len(box) != 4+len(plain)+Overhead {
		t.Fatalf("box of %d bytes", len(box))
	}
	got, err := k.Open([]byte("kept"), at, box[4:])
	if err != nil || string(got) != "kept"+string(plain) {
		t.Fatalf("opened %q, %v", got, err)
	}
	at.Box++
	if _, err := k.Open(nil, at, box[4:]); err != ErrOpen {
		t.Fatalf("moved box: %v", err)
	}
}

func TestLock(t *testing.T) {
	priv, err := NewPrivateKey("calls", "2026-11-22")
	if err != nil {
		t.Fatal(err)
	}
	k, part := NewKey(), NewPartID()
	l, err := priv.Public().Lock(part, k)
	if err != nil {
		t.Fatal(err)
	}
	if len(l) != LockedSize {
		t.Fatalf("locked is %d bytes, LockedSize %d", len(l), LockedSize)
	}
	got, err := priv.Unlock(part, l)
	if err != nil {
		t.Fatal(err)
	}
	if err := got.Check(k.Commitment()); err != nil {
		t.Fatal(err)
	}
}
