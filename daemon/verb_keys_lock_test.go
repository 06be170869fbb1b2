package main

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"linevault/storage"
	"linevault/storage/keys"
	"linevault/storage/keys/recovery"
	"linevault/storage/keys/tpm/tpmtest"
)

// A box is locked although a desk makes keys at that moment, and who locked it is told once.
func TestLockedWhileKeysChange(t *testing.T) {
	tpmtest.None(t)
	dir := filepath.Join(t.TempDir(), "data")
	to, text, err := recovery.NewIdentity("")
	if err != nil {
		t.Fatal(err)
	}
	to.Name = "Town clerk"
	ids, err := recovery.ReadIdentities(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := storage.Create(dir, []string{"standard"}); err != nil {
		t.Fatal(err)
	}
	desk, err := keys.OpenRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk.Arrange(keys.Arrangement{Recovery: &recovery.Plan{Needed: 1, Recipients: []recovery.Recipient{to}}}); err != nil {
		t.Fatal(err)
	}
	opened, told := 0, 0
	err = lockRing(func([]recovery.Recipient) error { told++; return nil }, func() (*keys.Ring, []recovery.Recipient, error) {
		ring, by, err := keys.Recovered(dir, "", ids)
		if opened++; opened < 3 {
			err = errors.Join(err, desk.Ensure([]string{"standard"}, time.Now().AddDate(0, 0, opened)))
		}
		return ring, by, err
	})
	if err != nil || opened != 3 || told != 1 {
		t.Errorf("%v; opened %d times, told %d", err, opened, told)
	}
	if _, err := keys.OpenRing(dir); err == nil {
		t.Error("it is not locked")
	}
}
