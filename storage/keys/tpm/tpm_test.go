package tpm_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"

	"linevault/storage/internal/fipstest"
	"linevault/storage/keys/tpm"
	"linevault/storage/keys/tpm/tpmtest"
)

func open(t *testing.T) *tpm.TPM {
	t.Helper()
	d, err := tpm.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// defined is an index with a secret in it.
func defined(t *testing.T, d *tpm.TPM) (tpm.Index, [tpm.Size]byte) {
	t.Helper()
	i, err := d.Free()
	if err != nil {
		t.Fatal(err)
	}
	secret := [tpm.Size]byte([]byte("thirty-two bytes that are secret"))
	for _, err := range []error{d.Define(i), d.Define(i), d.Write(i, secret)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return i, secret
}

// TestKeeps writes, boots, reads, overwrites and removes.
func TestKeeps(t *testing.T) {
	m := tpmtest.Boot(t)
	d := open(t)
	i, secret := defined(t, d)
	m.Off()
	m.On()
	if got, err := d.Read(i); err != nil || got != secret {
		t.Fatalf("after a boot: %q, %v", got, err)
	}
	if err := d.Write(i, [tpm.Size]byte{1}); err != nil {
		t.Fatal(err)
	}
	if got, err := d.Read(i); err != nil || got != [tpm.Size]byte{1} {
		t.Fatalf("overwritten: %q, %v", got, err)
	}
	if err := d.Define(i + 1); err != nil {
		t.Fatal(err)
	}
	if got, err := d.Read(i + 1); err != nil || got != [tpm.Size]byte{} {
		t.Errorf("unwritten: %q, %v", got, err)
	}
	if err := errors.Join(d.Remove(i), d.Remove(i+1)); err != nil {
		t.Fatal(err)
	}
	if left := m.Indices(); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// TestRefusals has each thing that can be wrong with a TPM, and what is said of it.
func TestRefusals(t *testing.T) {
	read := func(d *tpm.TPM, i tpm.Index) error { _, err := d.Read(i); return err }
	for name, c := range map[string]struct {
		happens func(m *tpmtest.Machine)
		do      func(d *tpm.TPM, i tpm.Index) error
		want    error
	}{
		"cleared":       {(*tpmtest.Machine).Clear, read, tpm.ErrMissing},
		"boot changed":  {(*tpmtest.Machine).Measure, read, tpm.ErrChanged},
		"write changed": {(*tpmtest.Machine).Measure, func(d *tpm.TPM, i tpm.Index) error { return d.Write(i, [tpm.Size]byte{}) }, tpm.ErrChanged},
		"owned":         {(*tpmtest.Machine).Own, func(d *tpm.TPM, i tpm.Index) error { return d.Define(i + 1) }, tpm.ErrOwned},
		"read, owned":   {(*tpmtest.Machine).Own, read, nil},
		"switched off":  {(*tpmtest.Machine).Off, read, tpm.ErrNone},
		"foreign": {func(m *tpmtest.Machine) {
			m.Do(func(t transport.TPM) error {
				_, err := tpm2.NVDefineSpace{AuthHandle: tpm2.TPMRHOwner, PublicInfo: tpm2.New2B(tpm2.TPMSNVPublic{
					NVIndex: 0x01800001, NameAlg: tpm2.TPMAlgSHA256, DataSize: tpm.Size,
					Attributes: tpm2.TPMANV{OwnerRead: true, OwnerWrite: true, NT: tpm2.TPMNTOrdinary},
				})}.Execute(t)
				return err
			})
		}, func(d *tpm.TPM, _ tpm.Index) error { return d.Remove(0x01800001) }, tpm.ErrForeign},
	} {
		t.Run(name, func(t *testing.T) {
			m := tpmtest.Boot(t)
			d := open(t)
			i, _ := defined(t, d)
			c.happens(m)
			if err := c.do(d, i); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
				t.Errorf("%v, not %v", err, c.want)
			}
		})
	}
	tpmtest.None(t)
	if _, err := tpm.Open(); !errors.Is(err, tpm.ErrNone) {
		t.Errorf("no TPM: %v", err)
	}
}

// TestBus listens on the way to the TPM: the secret is in no byte that passes.
func TestBus(t *testing.T) {
	tpmtest.Boot(t)
	var mu sync.Mutex
	var heard bytes.Buffer
	real := os.Getenv(tpm.Variable)
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	record := func(to io.Writer, from io.Reader) {
		b := make([]byte, 8192)
		for {
			n, err := from.Read(b)
			mu.Lock()
			heard.Write(b[:n])
			mu.Unlock()
			if _, werr := to.Write(b[:n]); err != nil || werr != nil {
				return
			}
		}
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			on, err := net.Dial("unix", real)
			if err != nil {
				c.Close()
				return
			}
			go func() { record(on, c); on.Close() }()
			go func() { record(c, on); c.Close() }()
		}
	}()
	t.Setenv(tpm.Variable, path)
	d := open(t)
	i, secret := defined(t, d)
	if got, err := d.Read(i); err != nil || got != secret {
		t.Fatalf("%q, %v", got, err)
	}
	mu.Lock()
	defer mu.Unlock()
	if heard.Len() < 500 || bytes.Contains(heard.Bytes(), secret[:8]) {
		t.Errorf("of %d bytes on the bus some are the secret", heard.Len())
	}
}

// TestFIPS uses a TPM where Go's FIPS 140-3 module refuses all but its own.
func TestFIPS(t *testing.T) {
	fipstest.Run(t, "TestKeeps", "TestRefusals")
}

func ExampleIndex() {
	fmt.Println(tpm.Index(0x01812346))
	// Output: 0x01812346
}
