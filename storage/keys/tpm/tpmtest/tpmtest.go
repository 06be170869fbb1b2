// Package tpmtest runs an emulated TPM 2.0 for tests: Debian's swtpm, which has the real
// thing's memory, sessions and refusals.
package tpmtest

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"
	"github.com/google/go-tpm/tpm2/transport/linuxudstpm"

	"linevault/storage/keys/tpm"
)

// Machine is a machine with a TPM, which can be booted.
type Machine struct {
	t     testing.TB
	dir   string
	swtpm *exec.Cmd
	said  bytes.Buffer
}

// Boot starts a TPM in which nothing is, for this test and its child processes, which find it
// by the environment. It is ended with the test.
func Boot(t testing.TB) *Machine {
	t.Helper()
	if _, err := exec.LookPath("swtpm"); err != nil {
		t.Fatalf("%v: run provisioning/install.sh test", err)
	}
	dir, err := os.MkdirTemp("", "swtpm") // a socket's path must be short
	if err != nil {
		t.Fatal(err)
	}
	m := &Machine{t: t, dir: dir}
	t.Cleanup(func() {
		m.Off()
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	m.On()
	t.Setenv(tpm.Variable, m.socket())
	return m
}

// None makes this machine one without a TPM for the time of the test, whatever it has.
func None(t *testing.T) { t.Setenv(tpm.Variable, filepath.Join(t.TempDir(), "none")) }

func (m *Machine) socket() string { return filepath.Join(m.dir, "tpm") }

// On switches the machine on: platform registers begin at zero, memory is as it was.
func (m *Machine) On() {
	m.t.Helper()
	m.said.Reset()
	m.swtpm = exec.Command("swtpm", "socket", "--tpm2", "--tpmstate", "dir="+m.dir,
		"--server", "type=unixio,path="+m.socket(), "--ctrl", "type=unixio,path="+m.socket()+".control",
		"--flags", "not-need-init,startup-clear")
	m.swtpm.Stderr = &m.said
	if err := m.swtpm.Start(); err != nil {
		m.t.Fatal(err)
	}
	for end := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		c, err := net.Dial("unix", m.socket())
		if err == nil {
			c.Close()
			return
		}
		if time.Now().After(end) {
			m.t.Fatalf("swtpm does not answer: %v; it said %s", err, m.said.String())
		}
	}
}

// Off cuts the machine's power.
func (m *Machine) Off() {
	if m.swtpm == nil {
		return
	}
	_ = m.swtpm.Process.Kill() // it may have ended
	_ = m.swtpm.Wait()         // killed
	m.swtpm = nil
	for _, name := range []string{m.socket(), m.socket() + ".control"} {
		_ = os.Remove(name) // it may have done so itself
	}
}

// Do runs commands on the TPM.
func (m *Machine) Do(f func(t transport.TPM) error) {
	m.t.Helper()
	t, err := linuxudstpm.Open(m.socket())
	if err != nil {
		m.t.Fatal(err)
	}
	defer t.Close()
	if err := f(t); err != nil {
		m.t.Fatal(err)
	}
}

// Clear takes everything of its owner out of the TPM, as the firmware's set-up does.
func (m *Machine) Clear() {
	m.t.Helper()
	m.Do(func(t transport.TPM) error {
		_, err := tpm2.Clear{AuthHandle: tpm2.AuthHandle{Handle: tpm2.TPMRHLockout, Auth: tpm2.PasswordAuth(nil)}}.Execute(t)
		return err
	})
}

// Measure extends PCR 7, as a machine does on which secure boot was changed.
func (m *Machine) Measure() {
	m.t.Helper()
	m.Do(func(t transport.TPM) error {
		_, err := tpm2.PCRExtend{
			PCRHandle: tpm2.AuthHandle{Handle: 7, Auth: tpm2.PasswordAuth(nil)},
			Digests: tpm2.TPMLDigestValues{Digests: []tpm2.TPMTHA{
				{HashAlg: tpm2.TPMAlgSHA256, Digest: make([]byte, 32)},
			}},
		}.Execute(t)
		return err
	})
}

// Own sets an owner's password.
func (m *Machine) Own() {
	m.t.Helper()
	m.Do(func(t transport.TPM) error {
		_, err := tpm2.HierarchyChangeAuth{
			AuthHandle: tpm2.AuthHandle{Handle: tpm2.TPMRHOwner, Auth: tpm2.PasswordAuth(nil)},
			NewAuth:    tpm2.TPM2BAuth{Buffer: []byte("the owner's")},
		}.Execute(t)
		return err
	})
}

// Indices is every index in the TPM's memory that lies in the owner's part.
func (m *Machine) Indices() []tpm.Index {
	m.t.Helper()
	var all []tpm.Index
	m.Do(func(t transport.TPM) error {
		r, err := tpm2.GetCapability{Capability: tpm2.TPMCapHandles, Property: 0x01000000, PropertyCount: 100}.Execute(t)
		if err != nil {
			return err
		}
		h, err := r.CapabilityData.Data.Handles()
		if err != nil {
			return err
		}
		for _, i := range h.Handle {
			if tpm.Index(i).Valid() {
				all = append(all, tpm.Index(i))
			}
		}
		return nil
	})
	return all
}
