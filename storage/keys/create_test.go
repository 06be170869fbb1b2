package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

type stopped struct{ step string }

// stopAt runs f and stops it, as a crash would, at its n-th change of the disk. It returns
// the steps taken, and whether f was stopped.
func stopAt(n int, f func() error) (steps []string, crashed bool, err error) {
	defer func(old func(string)) {
		step = old
		if r := recover(); r != nil {
			if _, ok := r.(stopped); !ok {
				panic(r)
			}
			crashed = true
		}
	}(step)
	step = func(s string) {
		if len(steps) == n {
			panic(stopped{s})
		}
		steps = append(steps, s)
	}
	err = f()
	return steps, false, err
}

// everyHalfOpens fails if a public half has no private one.
func everyHalfOpens(t *testing.T, dir string) int {
	t.Helper()
	r, err := OpenRecipients(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return 0
	}
	if err != nil {
		t.Fatal(err)
	}
	k, err := OpenRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	for p, half := range r.halves {
		priv, err := k.private(p)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(half.Bytes(), priv.Public().Bytes()) {
			t.Fatalf("the halves of %s do not belong together", p)
		}
	}
	return len(r.halves)
}

// TestCreateCrash stops Create before each change of the disk; the next one finishes the
// work, and never is there a public half without a private one.
func TestCreateCrash(t *testing.T) {
	for n := 0; ; n++ {
		dir := t.TempDir()
		steps, crashed, err := stopAt(n, func() error { return Create(dir, []string{"calls"}, now) })
		if err != nil {
			t.Fatal(err)
		}
		everyHalfOpens(t, dir)
		if err := Create(dir, []string{"calls", "more"}, now); err != nil {
			t.Fatalf("after a crash at step %d: %v", n, err)
		}
		if got := everyHalfOpens(t, dir); got != 2*(Ahead+1) {
			t.Fatalf("after a crash at step %d: %d public halves", n, got)
		}
		if !crashed {
			checkOrder(t, dir, steps)
			return
		}
	}
}

// checkOrder sees that each file is durable before its name is, and root before ring before public.
func checkOrder(t *testing.T, dir string, steps []string) {
	t.Helper()
	var want []string
	for _, name := range []string{rootName, ringName, ringName, publicName} {
		temp := filepath.Join(dir, "keys", name+".tmp")
		want = append(want, "make "+temp, "write "+temp, "fsync "+temp, "rename "+temp, "fsync "+filepath.Join(dir, "keys"))
	}
	if !slices.Equal(steps, want) {
		t.Errorf("steps were\n%s", strings.Join(steps, "\n"))
	}
}

// TestEnsureCrash stops a week's new keys before each change of the disk: the old ones go on.
func TestEnsureCrash(t *testing.T) {
	later := now.AddDate(0, 0, Ahead)
	for n := 0; ; n++ {
		dir := create(t, "calls")
		k, err := OpenRing(dir)
		if err != nil {
			t.Fatal(err)
		}
		secret := k.Derive("ledger")
		_, crashed, err := stopAt(n, func() error { return k.Ensure([]string{"calls"}, later) })
		if err != nil {
			t.Fatal(err)
		}
		everyHalfOpens(t, dir)
		if k, err = OpenRing(dir); err != nil {
			t.Fatal(err)
		}
		if k.Derive("ledger") != secret {
			t.Fatal("the store's secret changed")
		}
		if err := k.Ensure([]string{"calls"}, later); err != nil {
			t.Fatal(err)
		}
		for i := range 2*Ahead + 1 {
			if _, err := k.Identity("calls", DayOf(now.AddDate(0, 0, i))); err != nil {
				t.Fatalf("after a crash at step %d: %v", n, err)
			}
		}
		if !crashed {
			return
		}
	}
}

// TestLeftovers puts garbage where the temporary files go.
func TestLeftovers(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(folder(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{rootName, ringName, publicName} {
		if err := os.WriteFile(filepath.Join(folder(dir), name+".tmp"), make([]byte, 9999), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := Create(dir, []string{"calls"}, now); err != nil {
		t.Fatal(err)
	}
	if everyHalfOpens(t, dir) != Ahead+1 {
		t.Error("keys are missing")
	}
}

func TestCreateKeepsWhatThereIs(t *testing.T) {
	dir := create(t, "calls")
	before := readAll(t, dir)
	if err := Create(dir, []string{"calls"}, now.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if after := readAll(t, dir); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("something was written")
	}
}

func readAll(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		files[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestCreateAtOnce has many make the same store.
func TestCreateAtOnce(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			if err := Create(dir, []string{"calls", fmt.Sprint("class", i)}, now); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := everyHalfOpens(t, dir); got != 9*(Ahead+1) {
		t.Errorf("%d public halves", got)
	}
}

func TestModes(t *testing.T) {
	defer unix.Umask(unix.Umask(0))
	dir := create(t, "calls")
	f, err := OpenPartFile(dir, "calls", DayOf(now))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	err = filepath.WalkDir(folder(dir), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %v", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestMissing takes files away: nothing is made in their place.
func TestMissing(t *testing.T) {
	for _, row := range []struct {
		remove []string
		want   error
	}{
		{[]string{"root"}, ErrRootMissing},
		{[]string{"root", "public"}, ErrRootMissing},
		{[]string{"root", "ring"}, ErrRootMissing},
		{[]string{"root", "ring", "public"}, ErrRootMissing}, // there are part keys
		{[]string{"ring"}, ErrRingMissing},
		{[]string{"ring", "public"}, ErrRingMissing},
		{[]string{"public"}, nil},
	} {
		dir := create(t, "calls")
		f, err := OpenPartFile(dir, "calls", DayOf(now))
		if err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		for _, name := range row.remove {
			if err := os.Remove(filepath.Join(folder(dir), name)); err != nil {
				t.Fatal(err)
			}
		}
		before := readAll(t, dir)
		err = Create(dir, []string{"calls"}, now)
		if !errors.Is(err, row.want) {
			t.Errorf("without %v: %v", row.remove, err)
		}
		if row.want == nil {
			continue
		}
		if !strings.Contains(err.Error(), "from your backup") {
			t.Errorf("without %v the error does not say what to do: %v", row.remove, err)
		}
		if after := readAll(t, dir); fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("without %v something was written", row.remove)
		}
		if _, err := OpenRing(dir); !errors.Is(err, row.want) {
			t.Errorf("without %v the ring opens: %v", row.remove, err)
		}
	}
}
