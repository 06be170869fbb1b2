package backup

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"linevault/storage/durable"
	"linevault/storage/keys"
)

// rootPath is where a store has its root key.
func rootPath(dir string) string { return filepath.Join(dir, "keys", "root") }

// mayHaveRoot sees that a file may be made for the root key: not in the backup's folder, and none
// that is there.
func mayHaveRoot(file, folder string) error {
	if within(file, folder) {
		return fmt.Errorf("%s lies in the backup: who finds both together can hear every call; name a file elsewhere", file)
	}
	if _, err := os.Lstat(file); err == nil {
		return fmt.Errorf("%s is there already: name a new file", file)
	}
	return nil
}

// SaveRoot copies the root key of the store in dir to a file, which must not be there yet, nor
// lie in the backup's folder.
func SaveRoot(dir, file, folder string) error {
	if err := mayHaveRoot(file, folder); err != nil {
		return err
	}
	b, err := readRoot(dir)
	if err != nil {
		return err
	}
	defer clear(b)
	return put(file, b)
}

func readRoot(dir string) ([]byte, error) {
	b, err := os.ReadFile(rootPath(dir))
	if err != nil {
		return nil, fmt.Errorf("copy the root key: %w", err)
	}
	if strings.HasPrefix(string(b), rootWords+"tpm ") {
		return nil, errors.New("the root key is in the TPM, which gives no copies: name recovery recipients in the configuration, whose copy is in every backup")
	}
	return b, nil
}

// roots is the ids of the root keys that a run's keyring may belong to: while a new one takes the
// old one's place there are two rings.
func (r *Run) roots(folder string) (ids []string, err error) {
	for _, path := range []string{"keys/ring", "keys/ring.next"} {
		f := r.find(path)
		if f == nil || len(f.Blobs) == 0 {
			continue
		}
		head, err := os.Open(blobPath(folder, f.Blobs[0].SHA256))
		if err != nil {
			return nil, fmt.Errorf("restore %s: the backup of it is not whole: %w", path, err)
		}
		b, err := io.ReadAll(io.LimitReader(head, 200))
		if err = errors.Join(err, head.Close()); err != nil {
			return nil, fmt.Errorf("restore %s: %w", path, err)
		}
		ids = append(ids, keys.RingRoot(b))
	}
	return ids, nil
}

// CheckRoot sees that a file has the root key that opens a run, and says where it does not which
// run it does open. Each destruction brings a new root key.
func (r *Run) CheckRoot(folder, file string) error {
	id, err := keys.FileRoot(file)
	if err != nil {
		return fmt.Errorf("%s is no root key: name the file that `linevault backup --with-root` made; nothing was restored (%w)", file, err)
	}
	ids, err := r.roots(folder)
	if err != nil || slices.Contains(ids, id) {
		return err
	}
	other := "it opens no backup in this folder"
	runs, _, err := Runs(folder)
	if err != nil {
		return err
	}
	for i := range runs {
		if ids, err := runs[i].roots(folder); err == nil && slices.Contains(ids, id) {
			other = fmt.Sprintf("it opens the backup of %[1]s, which --made %[1]q restores, with what was destroyed since", local(runs[i].Made))
		}
	}
	return fmt.Errorf("%s is another root key than that of the backup of %s, because each destruction and each `linevault keys rotate` "+
		"brings a new one: name the file that `linevault backup --with-root` made with that backup, or leave --root out and run "+
		"`linevault keys recover` afterwards; %s; nothing was restored", file, local(r.Made), other)
}

// DestroyedSince is the certificates that later runs in the folder have and this one has not: what
// they are of is there again after a restore.
func (r *Run) DestroyedSince(folder string) (certificates []string, err error) {
	runs, _, err := Runs(folder)
	for _, later := range runs {
		if inOrder(later, *r) <= 0 {
			continue
		}
		for _, f := range later.Files {
			id, is := strings.CutPrefix(f.Path, "destruction/certificates/")
			if is && r.find(f.Path) == nil && !slices.Contains(certificates, id) {
				certificates = append(certificates, id)
			}
		}
	}
	return certificates, err
}

// PutRoot gives a restored store its root key, from a file that SaveRoot wrote.
func PutRoot(dir, file string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("the root key: %w", err)
	}
	defer clear(b)
	if _, err := os.Lstat(rootPath(dir)); err == nil {
		return fmt.Errorf("%s has a root key already", dir)
	}
	return errors.Join(put(rootPath(dir), b), durable.SyncFolder(dir))
}
