package catalogue_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"linevault/storage/catalogue"
)

var key = [32]byte{7}

// saved is a folder with a snapshot in it, and what it must find.
func saved(t *testing.T, n int) (string, model) {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "catalogue")
	x, m := catalogue.New(folder, key), model{}
	defer x.Close()
	r := rand.New(rand.NewPCG(9, 9))
	for range n {
		c := contact(r)
		m[c.ID] = c
		must(t, x.Put(c))
	}
	must(t, x.Save([]byte("so far")))
	return folder, m
}

func files(t *testing.T, folder string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(folder, "*"))
	must(t, err)
	return list
}

// A snapshot with any bit changed, cut short, of another store or without one of its files is
// refused when it is read, or when the row is.
func TestDamagedSnapshot(t *testing.T) {
	folder, m := saved(t, 3000)
	if _, _, err := catalogue.Load(folder, [32]byte{8}); !errors.Is(err, catalogue.ErrDamaged) {
		t.Errorf("another key: %v", err)
	}
	if _, _, err := catalogue.Load(t.TempDir(), key); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no snapshot: %v", err)
	}
	r := rand.New(rand.NewPCG(3, 3))
	refused := 0
	try := func(path string, b []byte) {
		t.Helper()
		must(t, os.WriteFile(path, b, 0o600))
		x, _, err := catalogue.Load(folder, key)
		if err != nil {
			if refused++; !errors.Is(err, catalogue.ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		defer x.Close()
		for id, c := range m {
			row, err := x.Find(id)
			if errors.Is(err, catalogue.ErrDamaged) {
				refused++
				return
			}
			if must(t, err); !bytes.Equal(row, c.Row) {
				t.Fatalf("%x: another row", id)
			}
		}
		t.Fatalf("%s: damage went unseen", filepath.Base(path))
	}
	for _, path := range files(t, folder) {
		good, err := os.ReadFile(path)
		must(t, err)
		for range 25 {
			bad := bytes.Clone(good)
			bad[r.IntN(len(bad))] ^= 1 << r.IntN(8)
			try(path, bad)
			try(path, good[:r.IntN(len(good))])
		}
		must(t, os.Remove(path))
		if _, _, err := catalogue.Load(folder, key); err == nil {
			t.Errorf("without %s it is read", filepath.Base(path))
		}
		must(t, os.WriteFile(path, good, 0o600))
	}
	x, _, err := catalogue.Load(folder, key)
	must(t, err)
	x.Close()
	if refused == 0 {
		t.Error("nothing was refused")
	}
}

// TestInvariantNothingReadable: no number, name, note or row is on the disk in clear.
func TestInvariantNothingReadable(t *testing.T) {
	folder, m := saved(t, 500)
	for _, path := range files(t, folder) {
		b, err := os.ReadFile(path)
		must(t, err)
		for _, c := range m {
			for _, s := range []string{c.Far, c.Department, c.Note, string(c.Row)} {
				if len(s) > 5 && bytes.Contains(b, []byte(s)) {
					t.Fatalf("%s has %q in clear", filepath.Base(path), s)
				}
			}
		}
		if stat, err := os.Stat(path); err != nil || stat.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", filepath.Base(path), stat.Mode(), err)
		}
	}
}

// What was removed is in no file after the next Save, and files that nothing names are gone.
func TestRemovedIsRewritten(t *testing.T) {
	folder, m := saved(t, 1000) // one block
	before := files(t, folder)
	x, _, err := catalogue.Load(folder, key)
	must(t, err)
	defer x.Close()
	for id := range m {
		must(t, x.Remove(id))
		break
	}
	must(t, x.Save(nil))
	after := files(t, folder)
	if len(after) != len(before) {
		t.Errorf("%d files, before %d", len(after), len(before))
	}
	for _, old := range before {
		if _, err := os.Stat(old); err == nil && strings.HasSuffix(old, ".block") {
			t.Errorf("%s is still there", filepath.Base(old))
		}
	}
}

const childFolder = "LINEVAULT_TEST_CATALOGUE"

// TestSaveChild is the process that TestKilled kills.
func TestSaveChild(t *testing.T) {
	folder := os.Getenv(childFolder)
	if folder == "" {
		t.Skip("run by TestKilled")
	}
	x, state, err := catalogue.Load(folder, key)
	if errors.Is(err, fs.ErrNotExist) {
		x, state, err = catalogue.New(folder, key), []byte("0"), nil
	}
	must(t, err)
	n, err := strconv.Atoi(string(state))
	must(t, err)
	for ; ; n++ {
		for _, c := range batch(n) {
			must(t, x.Put(c))
		}
		must(t, x.Save(fmt.Append(nil, n+1)))
		fmt.Println("saved", n+1)
	}
}

// batch is the contacts of one Save.
func batch(n int) []*catalogue.Contact {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	list := make([]*catalogue.Contact, 400)
	for i := range list {
		list[i] = contact(r)
	}
	return list
}

// A kill at any moment leaves the last snapshot, or the one before it came to be acknowledged.
func TestKilled(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "catalogue")
	r := rand.New(rand.NewPCG(5, 5))
	acknowledged := 0
	for range 12 {
		cmd := exec.Command(os.Args[0], "-test.run", "^TestSaveChild$")
		cmd.Env = append(os.Environ(), childFolder+"="+folder)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for range 1 + r.IntN(6) {
			if !lines.Scan() {
				t.Fatal("the child ended")
			}
			if n, err := strconv.Atoi(strings.TrimPrefix(lines.Text(), "saved ")); err == nil {
				acknowledged = n
			}
		}
		time.Sleep(time.Duration(r.IntN(int(8 * time.Millisecond))))
		must(t, cmd.Process.Kill())
		for lines.Scan() {
			if n, err := strconv.Atoi(strings.TrimPrefix(lines.Text(), "saved ")); err == nil {
				acknowledged = n
			}
		}
		_ = cmd.Wait() // killed
		x, state, err := catalogue.Load(folder, key)
		must(t, err)
		n, err := strconv.Atoi(string(state))
		must(t, err)
		if n < acknowledged || n > acknowledged+1 {
			t.Fatalf("snapshot %d, acknowledged %d", n, acknowledged)
		}
		m := model{}
		for i := range n {
			for _, c := range batch(i) {
				m[c.ID] = c
			}
		}
		m.compare(t, x, &catalogue.Query{})
		for range 5 {
			m.compare(t, x, query(r))
		}
		x.Close()
	}
}
