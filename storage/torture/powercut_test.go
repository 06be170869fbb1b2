package torture

import (
	"bufio"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"linevault/storage/torture/cutdisk"
)

// vmEnv in the environment is the folder that vm/image.sh has made.
const vmEnv = "LINEVAULT_TORTURE_VM"

// A virtual machine records on a disk with a volatile cache, and its power is cut, again and
// again: at every start all that was ever acknowledged is there, and nothing is wrong.
func TestPowerCut(t *testing.T) {
	rig := os.Getenv(vmEnv)
	if rig == "" {
		t.Skip("`make torture-vm` runs this, in a virtual machine")
	}
	cuts := 20 * max(1, long())
	m := &machine{t: t, rig: rig, dir: t.TempDir(), rnd: rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 1))}
	disk := filepath.Join(m.dir, "disk")
	for _, c := range [][]string{{"truncate", "-s", "256M", disk}, {"mke2fs", "-q", "-F", "-t", "ext4", disk}} {
		if out, err := exec.CommandContext(t.Context(), c[0], c[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v: %s", c, err, out)
		}
	}
	var l Loss
	var kept, lost int
	for i := range cuts + 1 {
		k, n, found := m.boot(disk, i == cuts)
		kept, lost = kept+k, lost+n
		l.add(found)
		t.Logf("boot %d: %d boxes acknowledged by now; the cut kept %d sectors and lost %d", i, m.a.Boxes, k, n)
		if !l.None() {
			break
		}
	}
	if lost == 0 {
		t.Error("no cut lost anything that was written: the rig proves nothing")
	}
	t.Logf("of what was not flushed %d sectors were kept and %d lost", kept, lost)
	report(t, Row{Fault: "power cut in a virtual machine", Tried: cuts, Acked: m.a.Boxes, Loss: l})
}

type machine struct {
	t   *testing.T
	rig string
	dir string
	rnd *rand.Rand
	a   Acked
}

// boot starts the machine, hears what its disk holds and what it records then, and cuts the
// power: after some boxes as a rule, at times while it starts. The last start is only to hear.
func (m *machine) boot(path string, last bool) (kept, lost int, l Loss) {
	m.t.Helper()
	disk, err := cutdisk.Open(path)
	if err != nil {
		m.t.Fatal(err)
	}
	socket := filepath.Join(m.dir, "socket")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		m.t.Fatal(err)
	}
	go disk.Serve(listener)
	cmd := exec.CommandContext(m.t.Context(), "qemu-system-x86_64", "-accel", "tcg", "-machine", "q35", "-cpu", "max", "-m", "512", "-smp", "1",
		"-display", "none", "-nic", "none", "-no-reboot", "-serial", "stdio", "-monitor", "none",
		"-kernel", filepath.Join(m.rig, "vmlinux"), "-initrd", filepath.Join(m.rig, "initramfs.gz"),
		"-append", "console=ttyS0 quiet mitigations=off panic=-1",
		"-drive", "driver=raw,file.driver=nbd,file.server.type=unix,file.server.path="+socket+",if=virtio,cache=writeback")
	out, err := cmd.StdoutPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	sectors := make(chan [2]int, 1)
	cut := func(writes int) {
		odds := []float64{0, 0.1, 0.5, 0.9, 1}[m.rnd.IntN(5)]
		disk.Cut(writes, rand.New(rand.NewPCG(m.rnd.Uint64(), 1)), odds, func(k, n int) {
			sectors <- [2]int{k, n}
			_ = cmd.Process.Kill() // it runs: nothing else ends it
		})
	}
	boxes := 1 + m.rnd.IntN(60)
	if m.rnd.IntN(5) == 0 && !last {
		boxes = 0
		cut(1 + m.rnd.IntN(100)) // while it starts
	}
	l = m.hear(out, boxes, last, cut)
	if last || !l.None() {
		_ = cmd.Process.Kill() // it runs: nothing else ends it
	}
	_ = cmd.Wait() // it was killed
	select {
	case n := <-sectors:
		kept, lost = n[0], n[1]
	default:
	}
	if err := listener.Close(); err != nil {
		m.t.Error(err)
	}
	if err := disk.Close(); err != nil {
		m.t.Error(err)
	}
	return kept, lost, l
}

// hear takes in what the machine says until it is gone, and cuts the power some writes after so
// many boxes are acknowledged.
func (m *machine) hear(out io.Reader, boxes int, last bool, cut func(writes int)) (l Loss) {
	m.t.Helper()
	var told, said strings.Builder
	listening := false // it has told what the disk holds
	in := bufio.NewScanner(out)
	for in.Scan() {
		line := strings.TrimRight(in.Text(), "\r")
		switch {
		case line == "told":
			l.add(m.a.Told(told.String()))
			if listening = true; last || !l.None() {
				return l
			}
		case line == "over":
			l.Dead++
			l.tell("the recorder ended: %s", tail(said.String()))
			return l
		case !listening:
			told.WriteString(line + "\n")
		default:
			said.WriteString(line + "\n")
			if err := m.a.Hear(line + "\n"); err != nil {
				continue // the kernel's own words
			}
			if boxes--; boxes == 0 {
				cut(1 + m.rnd.IntN(40))
			}
		}
	}
	if last && !listening {
		l.tell("the machine did not say what its disk holds: %s", tail(told.String()))
	}
	return l
}
