package keys

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linevault/storage/keys/recovery"
	"linevault/storage/keys/tpm"
	"linevault/storage/keys/tpm/tpmtest"
)

// secretsIn counts the slots of the machine's TPM that hold something.
func secretsIn(t *testing.T, m *tpmtest.Machine) (written, indices int) {
	t.Helper()
	d, err := tpm.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	list := m.Indices()
	for _, i := range list {
		b, err := d.Read(i)
		if err != nil {
			t.Fatal(err)
		}
		if b != [tpm.Size]byte{} {
			written++
		}
	}
	return written, len(list)
}

// TestArrangeCrash stops every kind of change of the root key before each change of the disk
// and of the TPM. At each the ring opens, with the one root key that holds and with the recovery
// copy too; and the next start leaves one root key and nothing half done.
func TestArrangeCrash(t *testing.T) {
	plan, ids := holders(t, 2, 3)
	other, otherIDs := holders(t, 1, 1)
	for _, c := range []struct {
		name     string
		from, to Home
		plan     *recovery.Plan
		ids      []recovery.Identity
		after    int // indices in the TPM
		stride   int
	}{
		{"file", InFile, InFile, nil, ids, 0, 5},
		{"TPM", InTPM, InTPM, nil, ids, 2, 1},
		{"file to TPM", InFile, InTPM, nil, ids, 2, 5},
		{"TPM to file", InTPM, InFile, nil, ids, 0, 5},
		{"other recipients", InFile, InFile, other, otherIDs, 0, 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			for n := 0; ; n += stride(c.stride) {
				m := tpmtest.Boot(t)
				dir := arranged(t, c.from, plan)
				part, locked, key := lockOne(t, dir)
				k := reopen(t, dir)
				before := k.RootID()
				steps, crashed, err := stopAt(n, func() error {
					if c.from == c.to && c.plan == nil {
						return k.Rotate()
					}
					_, err := k.Arrange(Arrangement{Home: c.to, Recovery: c.plan})
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				m.Off() // and so does the machine
				m.On()
				k = reopen(t, dir)
				opens(t, k, part, locked, key)
				opens(t, recovered(t, dir, append(ids, otherIDs...)), part, locked, key)
				if err := k.Ensure([]string{"calls"}, now); err != nil {
					t.Fatalf("after a crash before %q: %v", steps[len(steps)-1:], err)
				}
				opens(t, k, part, locked, key)
				opens(t, recovered(t, dir, append(ids, otherIDs...)), part, locked, key)
				if k.where.home() == InTPM && len(roots(t, dir)) > 0 || k.where.home() == InFile && len(roots(t, dir)) != 1 {
					t.Fatalf("after a crash at step %d a root key is left in %v", n, roots(t, dir))
				}
				written, indices := secretsIn(t, m)
				if inTPM := k.where.home() == InTPM; inTPM && (written != 1 || indices != 2) || !inTPM && indices != 0 {
					t.Fatalf("after a crash at step %d, %q, the TPM has %d secrets in %d indices", n, steps[max(0, len(steps)-1):], written, indices)
				}
				for name := range readAll(t, dir) {
					if strings.Contains(name, ".next") || strings.Contains(name, ".old") || strings.HasSuffix(name, ".tmp") {
						t.Errorf("after a crash at step %d %s is left", n, name)
					}
				}
				if !crashed {
					if k.RootID() == before || k.where.home() != c.to || len(m.Indices()) != c.after {
						t.Errorf("it is root key %s, %s; the TPM has %v", k.RootID(), k.where, m.Indices())
					}
					if _, _, err := Recovered(dir, "", c.ids); err != nil {
						t.Error(err)
					}
					if _, _, err := Recovered(dir, "", ids); (err == nil) != (c.plan == nil) {
						t.Errorf("those who were left out: %v", err)
					}
					t.Logf("%d steps", len(steps))
					return
				}
			}
		})
	}
}

// stride is how many steps a test of crashes goes on at a time: one if all are asked for.
func stride(usually int) int {
	if os.Getenv("LINEVAULT_TEST_EVERY_STEP") != "" {
		return 1
	}
	return usually
}

// TestAuto chooses the TPM where there is one and somebody can bring the key back, and else
// the file; a TPM that cannot be used is told, and does not stop anything.
func TestAuto(t *testing.T) {
	plan, _ := holders(t, 1, 1)
	home := func(dir string) Home { return reopen(t, dir).where.home() }
	m := tpmtest.Boot(t)
	alone := arranged(t, Auto, nil)
	if home(alone) != InFile {
		t.Error("without recovery recipients it is in the TPM")
	}
	if did, err := reopen(t, alone).Arrange(Arrangement{Auto, plan}); err != nil || home(alone) != InTPM || len(did) != 1 {
		t.Errorf("with recipients: %v, %v, %s", did, err, home(alone))
	}
	if did, err := reopen(t, alone).Arrange(Arrangement{Auto, plan}); err != nil || len(did) != 0 {
		t.Errorf("nothing has changed: %v, %v", did, err)
	}
	m.Own()
	owned := arranged(t, Auto, plan)
	if home(owned) != InFile {
		t.Error("a TPM with an owner's password was used")
	}
	k := reopen(t, owned)
	if did, err := k.Arrange(Arrangement{Auto, plan}); err != nil || len(did) != 1 || !strings.Contains(did[0], "owner's password") {
		t.Errorf("an owner's password: %v, %v", did, err)
	}
	if _, err := k.Arrange(Arrangement{InTPM, plan}); !errors.Is(err, tpm.ErrOwned) {
		t.Errorf("must be in the TPM: %v", err)
	}
	opensAll(t, owned)
	tpmtest.None(t)
	if home(arranged(t, Auto, plan)) != InFile {
		t.Error("without a TPM it is elsewhere")
	}
	dir := t.TempDir()
	if err := CreateAs(dir, []string{"calls"}, now, Arrangement{InTPM, plan}); !errors.Is(err, tpm.ErrNone) {
		t.Errorf("it must be in a TPM and there is none: %v", err)
	}
}

// TestCreateInTPMCrash stops the making of a store before each change of disk and TPM.
func TestCreateInTPMCrash(t *testing.T) {
	plan, ids := holders(t, 1, 1)
	for n := 0; ; n += stride(3) {
		m := tpmtest.Boot(t)
		dir := t.TempDir()
		create := func() error {
			return CreateAs(dir, []string{"calls"}, now, Arrangement{InTPM, plan})
		}
		_, crashed, err := stopAt(n, create)
		if err != nil {
			t.Fatal(err)
		}
		if err := create(); err != nil {
			t.Fatalf("after a crash at step %d: %v", n, err)
		}
		opensAll(t, dir)
		recovered(t, dir, ids)
		if written, indices := secretsIn(t, m); written != 1 || indices != 2 || len(roots(t, dir)) != 0 {
			t.Fatalf("after a crash at step %d: %d secrets in %d indices", n, written, indices)
		}
		if !crashed {
			return
		}
	}
}

// TestRecoveryHeals damages and removes the recovery copy: the next start writes it anew.
func TestRecoveryHeals(t *testing.T) {
	plan, ids := holders(t, 2, 2)
	dir := arranged(t, InFile, plan)
	path := filepath.Join(folder(dir), recoveryName)
	for _, damage := range []func(){
		func() { replace(t, path, []byte("linevault recovery 1\nend\n")) },
		func() {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
	} {
		damage()
		if s, err := ReadStatus(dir); err != nil || s.Recovery == "" {
			t.Errorf("status %+v, %v", s, err)
		}
		opensAll(t, dir)
		recovered(t, dir, ids)
	}
	if did, err := reopen(t, dir).Arrange(Arrangement{Recovery: &recovery.Plan{}}); err != nil || len(did) != 1 {
		t.Errorf("%v, %v", did, err)
	}
	if _, _, err := Recovered(dir, "", ids); !errors.Is(err, ErrNoRecovery) {
		t.Errorf("a copy that nobody is to have: %v", err)
	}
}
