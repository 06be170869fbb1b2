package seal

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func period(t testing.TB) *PrivateKey {
	t.Helper()
	k, err := NewPrivateKey("calls", "2026-11-22")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestLock(t *testing.T) {
	priv := period(t)
	k, part := NewKey(), NewPartID()
	l, err := priv.Public().Lock(part, k)
	if err != nil {
		t.Fatal(err)
	}
	if len(l) != LockedSize {
		t.Fatalf("locked is %d bytes, LockedSize %d", len(l), LockedSize)
	}
	secret, err := priv.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParsePrivateKey("calls", "2026-11-22", secret)
	if err != nil {
		t.Fatal(err)
	}
	public, err := ParsePublicKey("calls", "2026-11-22", again.Public().Bytes())
	if err != nil {
		t.Fatal(err)
	}
	l2, err := public.Lock(part, k)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []Locked{l, l2} {
		for _, id := range []Identity{priv, again} {
			got, err := id.Unlock(part, l)
			if err != nil {
				t.Fatal(err)
			}
			if err := got.Check(k.Commitment()); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, wrong := range []struct{ class, day string }{
		{"call", "s2026-11-22"}, {"calls", "2026-11-23"}, {"other", "2026-11-22"},
	} {
		id, err := ParsePrivateKey(wrong.class, wrong.day, secret)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := id.Unlock(part, l); err != ErrUnlock {
			t.Errorf("opens for %s %s: %v", wrong.class, wrong.day, err)
		}
	}
	if _, err := priv.Unlock(NewPartID(), l); err != ErrUnlock {
		t.Errorf("opens for another part: %v", err)
	}
}

// TestLockedDamaged flips a bit of every byte, and cuts at many: nothing opens.
func TestLockedDamaged(t *testing.T) {
	priv := period(t)
	part := NewPartID()
	l, err := priv.Public().Lock(part, NewKey())
	if err != nil {
		t.Fatal(err)
	}
	for i := range l {
		bad := slices.Clone(l)
		bad[i] ^= 1 << (i % 8)
		if _, err := priv.Unlock(part, bad); err == nil {
			t.Errorf("opens with byte %d changed", i)
		}
	}
	for n := 0; n < len(l); n += 1 + n/8 {
		if _, err := priv.Unlock(part, l[:n]); !errors.Is(err, ErrUnlock) {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
	if _, err := priv.Unlock(part, append(slices.Clone(l), 0)); err != ErrUnlock {
		t.Errorf("with a byte more: %v", err)
	}
}

func TestNewerVersion(t *testing.T) {
	priv := period(t)
	k, at := NewKey(), Place{Part: NewPartID(), Kind: Header}
	l, err := priv.Public().Lock(at.Part, k)
	if err != nil {
		t.Fatal(err)
	}
	l[0]++
	box := k.Seal(nil, at, nil)
	box[0]++
	_, errLocked := priv.Unlock(at.Part, l)
	_, errBox := k.Open(nil, at, box)
	for _, err := range []error{errLocked, errBox} {
		if err == nil || !strings.Contains(err.Error(), "is of format 2 and this program reads up to 1: update it") {
			t.Error(err)
		}
	}
}

func FuzzUnlock(f *testing.F) {
	priv, part := period(f), NewPartID()
	l, err := priv.Public().Lock(part, NewKey())
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(l[:len(l)-1]))
	f.Add([]byte{Version})
	f.Add(make([]byte, LockedSize))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := priv.Unlock(part, b); err == nil && !slices.Equal(b, l) {
			t.Fatal("opens")
		}
	})
}

func BenchmarkLock(b *testing.B) {
	pub, k, part := period(b).Public(), NewKey(), NewPartID()
	for b.Loop() {
		if _, err := pub.Lock(part, k); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkUnlock(b *testing.B) {
	priv, part := period(b), NewPartID()
	l, err := priv.Public().Lock(part, NewKey())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := priv.Unlock(part, l); err != nil {
			b.Fatal(err)
		}
	}
}
