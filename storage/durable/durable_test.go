package durable

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// holds fails unless a folder has these files, each name followed by what the file says.
func holds(t *testing.T, folder string, want ...string) {
	t.Helper()
	list, err := os.ReadDir(folder)
	must(t, err)
	var got []string
	for _, e := range list {
		b, err := os.ReadFile(filepath.Join(folder, e.Name()))
		must(t, err)
		got = append(got, e.Name(), string(b))
	}
	if !slices.Equal(got, want) {
		t.Errorf("the folder holds %q, want %q", got, want)
	}
}

func TestWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for _, text := range []string{"first", "the second is longer", "", "last"} {
		must(t, Write(path, []byte(text)))
		holds(t, filepath.Dir(path), "file", text)
	}
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode() != 0o600 {
		t.Errorf("its mode is %v", info.Mode())
	}
}

func TestFillMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	must(t, Fill(path, 0o640, func(f *os.File) error { _, err := f.WriteString("text"); return err }))
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode()&^0o640 != 0 || info.Mode()&0o600 != 0o600 { // the umask may take some
		t.Errorf("its mode is %v", info.Mode())
	}
}

// limited lets no file grow past 1000 bytes while f runs: writing fails half way.
func limited(t *testing.T, f func()) {
	t.Helper()
	signal.Ignore(unix.SIGXFSZ)
	defer signal.Reset(unix.SIGXFSZ)
	var was unix.Rlimit
	must(t, unix.Getrlimit(unix.RLIMIT_FSIZE, &was))
	must(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 1000, Max: was.Max}))
	defer func() { must(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &was)) }()
	f()
}

// Whatever fails, the file is as it was, nothing lies beside it, and the error names it.
func TestFailures(t *testing.T) {
	refused := errors.New("refused")
	for _, c := range []struct {
		name string
		fill func(f *os.File) error
		want error
	}{
		{"half way", func(f *os.File) error { _, err := f.Write(make([]byte, 1001)); return err }, unix.EFBIG},
		{"fill", func(f *os.File) error { return errors.Join(f.Truncate(10), refused) }, refused},
		{"fsync and close", func(f *os.File) error { return f.Close() }, fs.ErrClosed},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "file")
			must(t, Write(path, []byte("old")))
			var err error
			limited(t, func() { err = Fill(path, 0o600, c.fill) })
			if !errors.Is(err, c.want) || c.want != refused && !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			holds(t, filepath.Dir(path), "file", "old")
		})
	}
}

func TestNoFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder", "file")
	for _, err := range []error{Write(path, nil), New(path, nil)} {
		if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
			t.Error(err)
		}
	}
}

// A folder in the place of the file stays, and nothing beside it.
func TestFolderInTheWay(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	must(t, os.Mkdir(path, 0o700))
	if err := Write(path, []byte("text")); err == nil || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
	list, err := os.ReadDir(filepath.Dir(path))
	must(t, err)
	if len(list) != 1 || !list[0].IsDir() {
		t.Errorf("the folder holds %v", list)
	}
}

// What lies where the file is to be made is replaced, not written through.
func TestLeftovers(t *testing.T) {
	for name, leave := range map[string]func(temp, other string) error{
		"a file":            func(temp, _ string) error { return os.WriteFile(temp, make([]byte, 9999), 0o666) },
		"a link":            func(temp, other string) error { return os.Symlink(other, temp) },
		"a name of another": func(temp, other string) error { return os.Link(other, temp) },
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path, other := filepath.Join(folder, "file"), filepath.Join(folder, "other")
			must(t, os.WriteFile(other, []byte("theirs"), 0o644))
			must(t, leave(path+Suffix, other))
			must(t, Write(path, []byte("new")))
			holds(t, folder, "file", "new", "other", "theirs")
			info, err := os.Lstat(path)
			must(t, err)
			if info.Mode() != 0o600 {
				t.Errorf("its mode is %v", info.Mode())
			}
		})
	}
	path := filepath.Join(t.TempDir(), "file")
	must(t, os.Mkdir(path+Suffix, 0o700))
	if err := Write(path, nil); err == nil || !strings.Contains(err.Error(), path+Suffix) {
		t.Errorf("a folder in the way: %v", err)
	}
}

// crashPath in the environment makes TestCrash begin to write that file and kill itself.
const crashPath = "LINEVAULT_TEST_DURABLE"

// A process that is killed leaves the old file, and what the next write or a sweep removes.
func TestCrash(t *testing.T) {
	if path := os.Getenv(crashPath); path != "" {
		must(t, Fill(path, 0o600, func(f *os.File) error {
			_, err := f.WriteString("new")
			must(t, errors.Join(err, unix.Kill(os.Getpid(), unix.SIGKILL)))
			select {}
		}))
		return
	}
	for next, then := range map[string]func(path string) error{
		"now": func(path string) error { return Write(path, []byte("now")) },
		"old": func(path string) error {
			return Sweep(filepath.Dir(path), func(name string) bool { return name == "file" })
		},
	} {
		path := filepath.Join(t.TempDir(), "file")
		must(t, Write(path, []byte("old")))
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCrash$")
		cmd.Env = append(os.Environ(), crashPath+"="+path)
		out, err := cmd.CombinedOutput()
		if exit, ok := errors.AsType[*exec.ExitError](err); !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Fatalf("%v\n%s", err, out)
		}
		holds(t, filepath.Dir(path), "file", "old", "file"+Suffix, "new")
		must(t, then(path))
		holds(t, filepath.Dir(path), "file", next)
	}
}

func TestSweep(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"ab", "ab" + Suffix, "b" + Suffix, "ac" + Suffix} {
		must(t, os.WriteFile(filepath.Join(folder, name), nil, 0o600))
	}
	must(t, Sweep(folder, func(name string) bool { return strings.HasPrefix(name, "a") }))
	holds(t, folder, "ab", "", "b"+Suffix, "")
	must(t, Sweep(filepath.Join(folder, "none"), func(string) bool { return true }))
}

func TestNew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	var err error
	limited(t, func() { err = New(path, make([]byte, 1001)) })
	if !errors.Is(err, unix.EFBIG) || !strings.Contains(err.Error(), path) {
		t.Error(err)
	}
	holds(t, filepath.Dir(path))
	must(t, New(path, []byte("text")))
	if err := New(path, []byte("other")); !errors.Is(err, fs.ErrExist) {
		t.Error(err)
	}
	holds(t, filepath.Dir(path), "file", "text")
}

func TestMakeFolder(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder")
	for range 2 {
		must(t, MakeFolder(path))
	}
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode() != fs.ModeDir|0o700 {
		t.Errorf("its mode is %v", info.Mode())
	}
	if err := MakeFolder(filepath.Join(path, "one", "two")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
