package keys

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linevault/storage/seal"
)

// TestForFallsBack records with no key for the day: the newest serves.
func TestForFallsBack(t *testing.T) {
	dir := create(t, "calls", "more")
	r, err := OpenRecipients(dir)
	if err != nil {
		t.Fatal(err)
	}
	newest := DayOf(now.AddDate(0, 0, Ahead))
	for _, row := range []struct{ ask, want Day }{
		{DayOf(now), DayOf(now)},
		{newest, newest},
		{DayOf(now.AddDate(0, 0, Ahead+1)), newest},
		{"2006-01-01", newest}, // a dead clock
		{"2036-01-01", newest},
	} {
		if to, got, err := r.For("calls", row.ask); err != nil || to == nil || got != row.want {
			t.Errorf("%s is locked to %s, %v", row.ask, got, err)
		}
	}
	if _, _, err := r.For("unheard-of", DayOf(now)); err == nil || !strings.Contains(err.Error(), "start the desk with this class") {
		t.Error(err)
	}
}

// TestForFollowsTheDesk finds the keys that come later, and goes on with the old ones when
// the file is spoilt.
func TestForFollowsTheDesk(t *testing.T) {
	dir := create(t, "calls")
	path := filepath.Join(folder(dir), publicName)
	r, err := OpenRecipients(dir)
	if err != nil {
		t.Fatal(err)
	}
	k, err := OpenRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	tomorrow := now.AddDate(0, 0, 1)
	if err := k.Ensure([]string{"calls", "more"}, tomorrow); err != nil {
		t.Fatal(err)
	}
	last := DayOf(tomorrow.AddDate(0, 0, Ahead))
	if _, got, err := r.For("more", last); err != nil || got != last {
		t.Errorf("locked to %s, %v", got, err)
	}
	if _, got, err := r.For("calls", DayOf(now)); err != nil || got != DayOf(now) {
		t.Errorf("yesterday's is gone: %s, %v", got, err)
	}
	for _, spoil := range []func(){
		func() { replace(t, path, []byte("spoilt")) },
		func() {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
	} {
		spoil()
		if _, got, err := r.For("more", last); err != nil || got != last {
			t.Errorf("locked to %s, %v", got, err)
		}
		if _, err := OpenRecipients(dir); err == nil || !strings.Contains(err.Error(), "start the desk") {
			t.Error(err)
		}
		if err := k.Ensure(nil, tomorrow); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenRecipients(dir); err != nil {
			t.Error("the desk does not mend it:", err)
		}
	}
}

// TestPublicDamaged changes each byte: a call locked to a damaged key would be lost.
func TestPublicDamaged(t *testing.T) {
	whole := read(t, filepath.Join(folder(create(t, "calls")), publicName))
	if halves, err := parsePublic(whole); err != nil || len(halves) != Ahead+1 {
		t.Fatal(len(halves), err)
	}
	for i := range whole {
		bad := bytes.Clone(whole)
		bad[i] ^= 1 << (i % 8)
		if _, err := parsePublic(bad); err == nil {
			t.Fatalf("byte %d changed and nobody notices", i)
		}
		if _, err := parsePublic(whole[:i]); err == nil {
			t.Fatalf("cut at %d and nobody notices", i)
		}
	}
}

// TestStranger puts another's public half into the file: the desk throws it out and says so.
func TestStranger(t *testing.T) {
	dir, theirs := create(t, "calls"), create(t, "calls")
	path := filepath.Join(folder(dir), publicName)
	ours := read(t, path)
	replace(t, path, read(t, filepath.Join(folder(theirs), publicName)))
	k, err := OpenRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.Ensure([]string{"calls"}, now); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read(t, path), ours) {
		t.Error("it is still there")
	}
	if problems := k.Problems(); len(problems) != Ahead+1 || !strings.Contains(problems[0], "is not in the keyring") {
		t.Errorf("problems %q", problems)
	}
}

// TestWrongClock lets a desk with a wrong clock make keys: the right ones come back with the time.
func TestWrongClock(t *testing.T) {
	dir := create(t, "calls")
	k, err := OpenRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []time.Time{now.AddDate(10, 0, 0), now.AddDate(-20, 0, 0)} {
		if err := k.Ensure([]string{"calls"}, wrong); err != nil {
			t.Fatal(err)
		}
	}
	if err := k.Ensure([]string{"calls"}, now); err != nil {
		t.Fatal(err)
	}
	r, err := OpenRecipients(dir)
	if err != nil {
		t.Fatal(err)
	}
	to, day, err := r.For("calls", DayOf(now.AddDate(0, 0, 30)))
	if err != nil || day != DayOf(now.AddDate(0, 0, Ahead)) {
		t.Fatalf("locked to %s, %v", day, err)
	}
	part := seal.NewPartID()
	l, err := to.Lock(part, seal.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	id, err := k.Identity("calls", day)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := id.Unlock(part, l); err != nil {
		t.Error(err)
	}
}

func FuzzPublic(f *testing.F) {
	f.Add([]byte(publicFirstLine + publicVersion + "\nend \n"))
	f.Add([]byte(publicFirstLine + "9\n"))
	body := publicFirstLine + publicVersion + "\nperiod calls 2026-11-22 AAAA\n"
	f.Add([]byte(body + "end " + sum([]byte(body)) + "\n"))
	empty := publicFirstLine + publicVersion + "\n"
	f.Add([]byte(empty + "end " + sum([]byte(empty)) + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		halves, err := parsePublic(b)
		if err != nil && halves != nil {
			t.Fatal("both keys and an error")
		}
	})
}

func FuzzRing(f *testing.F) {
	r := newRoot()
	key := newRingKey(r)
	file := ringFile{store: newSecret(), periods: map[period][]byte{}}
	f.Add(key.encode(file))
	p := period{class: "calls", day: "2026-11-22"}
	file.periods[p] = key.sealPeriod(p, make([]byte, 32))
	whole := key.encode(file)
	f.Add(whole)
	f.Add(bytes.ReplaceAll(whole, []byte("calls"), []byte("other")))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := key.decode(b)
		if err == nil && len(got.problems) == 0 && len(got.periods) > 0 && !bytes.Equal(got.periods[p], file.periods[p]) {
			t.Fatal("a key that nobody sealed")
		}
	})
}

func FuzzRoot(f *testing.F) {
	f.Add(rootFirstLine + "1\n0011\n22\n")
	f.Add(rootFirstLine + "2\n")
	f.Add("")
	f.Fuzz(func(_ *testing.T, s string) {
		_, _ = parseRoot(s) // must not panic
	})
}
