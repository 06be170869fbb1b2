package main

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"linevault/codec/codectest"
	"linevault/daemon/link"
	"linevault/storage"
)

// diskOfItsOwn mounts a new file system, which can be made to stall.
func diskOfItsOwn(t *testing.T) (dir string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root may mount a disk to stall")
	}
	image, dir := filepath.Join(t.TempDir(), "disk"), t.TempDir()
	for _, c := range []string{
		"truncate -s 512M " + image, "mkfs.ext4 -q -F " + image, "mount -o loop " + image + " " + dir,
	} {
		if out, err := exec.Command("sh", "-c", c).CombinedOutput(); err != nil {
			t.Skipf("no disk to stall can be mounted here: %s: %v: %s", c, err, out)
		}
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	return dir
}

// stall stops all writing to the file system of dir for some seconds, and returns once it is
// stopped. The channel is closed when it goes on.
func stall(t *testing.T, dir string, seconds int) <-chan struct{} {
	t.Helper()
	c := exec.Command("sh", "-c", fmt.Sprintf("fsfreeze -f %[1]s && echo frozen; sleep %[2]d; fsfreeze -u %[1]s", dir, seconds))
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "frozen\n" {
		t.Fatalf("the disk does not stall: %q, %v", line, err)
	}
	over := make(chan struct{})
	go func() {
		_ = c.Wait() // a disk that stays frozen shows in what follows
		close(over)
	}()
	return over
}

// While 60 lines record and the disk stalls for 5 s, so that not a byte can be written, a
// terminal pauses and resumes over TLS, and each answer is true: the state is asked for again at
// once. How long the answers took is printed, and decides nothing. `make storm` runs this.
func TestPausesWhileTheDiskIsFrozen(t *testing.T) {
	if os.Getenv("LINEVAULT_STALL") == "" {
		t.Skip("LINEVAULT_STALL is not set: it mounts a file system and freezes it")
	}
	const lines, seconds = 60, 5
	token := newToken()
	toml, names := tapes(t, map[string][]int16{"speech": codectest.Speech(t, 300*8000)}), make([]string, lines)
	for i := range lines {
		names[i] = fmt.Sprintf("%q", fmt.Sprintf("Line %d", i))
		toml += onTape(fmt.Sprintf("Line %d", i), "speech", "0s") + "complexity = 1\n"
	}
	toml += fmt.Sprintf("[[terminal]]\nname = \"till 1\"\nlines = [%s]\ntoken_sha256 = \"%x\"\n", strings.Join(names, ", "), sha256.Sum256([]byte(token)))
	disk := diskOfItsOwn(t)
	b := newBox(t, toml)
	b.dir = filepath.Join(disk, "data")
	if err := storage.Create(b.dir, []string{"standard"}); err != nil {
		t.Fatal(err)
	}
	b.start("record")
	t.Cleanup(func() { _ = exec.Command("fsfreeze", "-u", disk).Run() }) // it goes on already
	b.await("60 lines to record", func() bool { s, _ := b.status(); return count(s, link.Recording) == lines })
	k := &till{t: t, url: "https://" + b.api, client: trusting(t, b.dir)}
	k.ask("GET", "/v1/lines/line-0", token, "") // connected

	// measure asks until over, and returns how long each answer took.
	measure := func(over <-chan struct{}) (took []time.Duration, late, kept int) {
		for i := 0; ; i++ {
			select {
			case <-over:
				slices.Sort(took)
				return took, late, kept
			default:
			}
			line := fmt.Sprintf("/v1/lines/line-%d", i%lines)
			method, want := "PUT", link.Paused
			if i/lines%2 == 1 {
				method, want = "DELETE", link.Recording
			}
			began := time.Now()
			status, a := k.ask(method, line+"/pause", token, "")
			took = append(took, time.Since(began))
			switch {
			case status == http.StatusServiceUnavailable:
				late++ // this machine is too busy, and the answer is true
			case status != http.StatusOK || a.State != want:
				t.Fatalf("%s %s: %d %+v", method, line, status, a)
			default:
				if a.Kept {
					kept++
				}
				if _, s := k.ask("GET", line, token, ""); s.State != want {
					t.Fatalf("%s %s was answered %s, and it is %s", method, line, want, s.State)
				}
			}
			time.Sleep(30 * time.Millisecond) // a terminal's allowance
		}
	}
	tell := func(when string, took []time.Duration, late, kept int) {
		if len(took) > 0 {
			t.Logf("%s: %d pauses and resumes on %d busy lines, %d of them on disk: p50 %v, p99 %v, most %v, %d not confirmed",
				when, len(took), lines, kept, took[len(took)/2], took[len(took)*99/100], took[len(took)-1], late)
		}
	}
	took, late, kept := measure(after(seconds * time.Second))
	tell("the disk writes", took, late, kept)
	took, late, kept = measure(stall(t, disk, seconds))
	tell("the disk is frozen", took, late, kept)
	if kept > 0 && kept == len(took) {
		t.Error("every pause was kept on a disk that cannot be written: this test proves nothing")
	}
	b.await("pauses to be kept again", func() bool {
		status, a := k.ask("PUT", "/v1/lines/line-0/pause", token, "")
		_, r := k.ask("DELETE", "/v1/lines/line-0/pause", token, "")
		return status == http.StatusOK && a.Kept && r.Kept
	})
	b.stop()
	b.check()
}

// after is closed when d has gone by.
func after(d time.Duration) <-chan struct{} {
	over := make(chan struct{})
	time.AfterFunc(d, func() { close(over) })
	return over
}
