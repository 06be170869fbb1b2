package storage_test

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"linevault/codec"
	"linevault/codec/pcm"
	"linevault/storage"
	"linevault/storage/storagetest"
)

// BenchmarkDisk records lines for two minutes of their time, or for four, a commit each second,
// and reports what that costs: bytes on disk and bytes written over bytes of Opus, and the median
// commit over the median of appending the same bytes to a plain file with fdatasync, taken
// in turn.
func BenchmarkDisk(b *testing.B) {
	run := func(name string, legs, seconds int) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				benchDisk(b, legs/2, seconds)
			}
		})
	}
	for _, legs := range []int{2, 120, 240, 480} {
		run(fmt.Sprintf("legs=%d", legs), legs, 120)
	}
	run("legs=240,seconds=240", 240, 240)
}

func benchDisk(b *testing.B, lines, seconds int) {
	dir := b.TempDir()
	if err := storage.Create(dir, []string{storagetest.Class}); err != nil {
		b.Fatal(err)
	}
	w, err := storage.OpenWriter(dir, storage.WriterOptions{OnProblem: func(err error) { b.Error(err) }})
	if err != nil {
		b.Fatal(err)
	}
	talks, recs := make([]*storagetest.Talk, lines), make([]*storage.Recording, lines)
	for i := range talks {
		talks[i] = storagetest.NewTalk(telephone, 0, uint64(i))
		if recs[i], err = w.Begin(talks[i].Call(i)); err != nil {
			b.Fatal(err)
		}
	}
	plain, err := os.Create(filepath.Join(b.TempDir(), "plain"))
	if err != nil {
		b.Fatal(err)
	}
	defer plain.Close()
	var opus int64
	var commits, appends []time.Duration
	var written int64
	for second := range seconds {
		for i, r := range recs {
			for range 16 + second%2 { // 16.5 instants of 60 ms
				err := talks[i].Instant(func(p codec.Packet) error {
					opus += int64(len(p.Data))
					return r.Packet(p)
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			for k := range 10 {
				for leg := range telephone.Legs {
					if err := r.Peak(pcm.Leg(leg), int64(second*10+k), byte(k)); err != nil {
						b.Fatal(err)
					}
				}
			}
			if err := r.Flush(); err != nil {
				b.Fatal(err)
			}
		}
		_, n := w.Pending()
		noise := make([]byte, n)
		_, _ = rand.Read(noise) // never fails
		commit := func() {
			before, start := processWrites(b), time.Now()
			if err := w.Commit(); err != nil {
				b.Fatal(err)
			}
			commits = append(commits, time.Since(start))
			written += processWrites(b) - before
		}
		toPlain := func() {
			start := time.Now()
			if _, err := plain.Write(noise); err != nil {
				b.Fatal(err)
			}
			if err := unix.Fdatasync(int(plain.Fd())); err != nil {
				b.Fatal(err)
			}
			appends = append(appends, time.Since(start))
		}
		// Whoever goes first waits for what other processes left to the file system's journal.
		if second%2 == 0 {
			commit()
			toPlain()
		} else {
			toPlain()
			commit()
		}
	}
	live := onDisk(b, filepath.Join(dir, "segments"))
	for i, r := range recs {
		if err := r.Finish(storage.End{At: talks[i].Pos, Why: storage.HungUp}); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	slices.Sort(commits)
	slices.Sort(appends)
	mid := len(commits) / 2
	b.ReportMetric(float64(live)/float64(opus), "live/opus")
	b.ReportMetric(float64(onDisk(b, filepath.Join(dir, "segments"))+onDisk(b, filepath.Join(dir, "keys", "parts")))/float64(opus), "disk/opus")
	b.ReportMetric(float64(written)/float64(opus), "written/opus")
	b.ReportMetric(float64(commits[mid])/float64(appends[mid]), "commit/append")
	b.ReportMetric(float64(commits[mid])/1e6, "commit-ms")
	storagetest.Check(b, dir, nil)
}

// onDisk is how many bytes the files of a folder take up.
func onDisk(b *testing.B, dir string) (n int64) {
	list, err := os.ReadDir(dir)
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range list {
		var st unix.Stat_t
		if err := unix.Stat(filepath.Join(dir, e.Name()), &st); err != nil {
			b.Fatal(err)
		}
		n += st.Blocks * 512
	}
	return n
}

// processWrites is how many bytes this process has given to write calls.
func processWrites(b *testing.B) int64 {
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		b.Skip(err)
	}
	for line := range strings.Lines(string(text)) {
		if v, ok := strings.CutPrefix(line, "wchar: "); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			return n
		}
	}
	b.Skip("no wchar in /proc/self/io")
	return 0
}

// BenchmarkPacket is what the way from a packet to its sealed and queued box costs, a
// second of sound at a time: there is no allocation for each packet.
func BenchmarkPacket(b *testing.B) {
	dir := storagetest.New(b)
	w, err := storage.OpenWriter(dir, storage.WriterOptions{OnProblem: func(err error) { b.Error(err) }})
	if err != nil {
		b.Fatal(err)
	}
	defer w.Close()
	talk := storagetest.NewTalk(telephone, 0, 1)
	r, err := w.Begin(talk.Call(1))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for range 16 {
			if err := talk.Instant(r.Packet); err != nil {
				b.Fatal(err)
			}
		}
		if err := r.Flush(); err != nil {
			b.Fatal(err)
		}
		if n++; n%64 == 0 {
			b.StopTimer()
			if err := w.Commit(); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	}
	if err := r.Finish(storage.End{At: talk.Pos, Why: storage.HungUp}); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkFirstSound opens a store of some calls afresh and plays one to its first packet.
func BenchmarkFirstSound(b *testing.B) {
	dir := storagetest.New(b)
	w, err := storage.OpenWriter(dir, storage.WriterOptions{})
	if err != nil {
		b.Fatal(err)
	}
	talk := storagetest.NewTalk(telephone, 0, 1)
	r, err := w.Begin(talk.Call(1))
	if err != nil {
		b.Fatal(err)
	}
	for range 10 * 60 * 16 {
		if err := talk.Instant(r.Packet); err != nil {
			b.Fatal(err)
		}
	}
	if err := r.Finish(storage.End{At: talk.Pos, Why: storage.HungUp}); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	s, err := storage.Open(dir, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	b.ResetTimer()
	for b.Loop() {
		p, err := s.Play(r.ID())
		if err != nil {
			b.Fatal(err)
		}
		if _, _, err := p.Next(); err != nil {
			b.Fatal(err)
		}
		p.Close()
	}
}
