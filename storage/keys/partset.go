package keys

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"linevault/storage/durable"
	"linevault/storage/seal"
)

// A period has the file that the recorder appends to, DAY.CLASS, and may have files
// DAY.CLASS.N that nobody appends to any more, the highest N the newest. What a newer one says
// of a part holds, and each holds against the one that is being appended to.

// mark is the part that a file made by Replace begins with, in place of a key the hash of
// the public half that the file's keys are locked to.
var mark = seal.PartID{0: 'r', 1: 'e', 2: 'w', 3: 'r', 4: 'a', 5: 'p'}

// Whole stands for all parts of a period, where it is destroyed.
var Whole = seal.PartID{}

// Destroyed reports whether what stands in place of a part's key says that it was destroyed.
func Destroyed(l seal.Locked) bool { return l != nil && len(l) == 0 }

// Files names the files of each period's part keys.
func Files(dir string) (map[Period][]string, error) {
	list, err := os.ReadDir(filepath.Join(folder(dir), partsName))
	if errors.Is(err, fs.ErrNotExist) {
		return map[Period][]string{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("part keys: %w", err)
	}
	files := map[Period][]string{}
	for _, e := range list {
		if p, _, ok := partName(e.Name()); ok {
			files[p] = append(files[p], e.Name())
		}
	}
	return files, nil
}

// PartCounts is about how many part keys each period has, by the length of its files.
func PartCounts(dir string) map[Period]int {
	counts := map[Period]int{}
	list, err := os.ReadDir(filepath.Join(folder(dir), partsName))
	if err != nil {
		return counts // whoever reads them is told
	}
	for _, e := range list {
		p, _, ok := partName(e.Name())
		if info, err := e.Info(); ok && err == nil {
			counts[p] += int(info.Size() / recordSize)
		}
	}
	return counts
}

// recordSize is how long a part's key is in its file.
const recordSize = 16 + seal.LockedSize

// partName reads the name of a file of part keys; the number is 0 for the recorder's.
func partName(name string) (p Period, number int, ok bool) {
	f := strings.Split(name, ".")
	if len(f) < 2 || len(f) > 3 {
		return p, 0, false
	}
	p = Period{Day: Day(f[0]), Class: f[1]}
	if len(f) == 3 {
		n, err := strconv.Atoi(f[2])
		if err != nil || n < 1 || strconv.Itoa(n) != f[2] {
			return p, 0, false
		}
		number = n
	}
	return p, number, p.key().check() == nil
}

// partPaths are the files of p in the order in which they hold: numbered ones, the newest
// first, then the recorder's.
func partPaths(dir string, p period) ([]string, error) {
	numbers, err := partNumbers(dir, p)
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, n := range slices.Backward(numbers) {
		paths = append(paths, numbered(dir, p, n))
	}
	return append(paths, partPath(dir, p)), nil
}

// partNumbers are the numbers of the files of p, ascending.
func partNumbers(dir string, p period) ([]int, error) {
	files, err := Files(dir)
	if err != nil {
		return nil, err
	}
	var numbers []int
	for _, name := range files[Period{Class: p.class, Day: p.day}] {
		if _, n, _ := partName(name); n > 0 {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	return numbers, nil
}

func numbered(dir string, p period, n int) string { return partPath(dir, p) + "." + strconv.Itoa(n) }

func newest(numbers []int) int {
	if len(numbers) == 0 {
		return 0
	}
	return numbers[len(numbers)-1]
}

// Retire gives the file that the recorder appends to its number, so that the next key begins
// a new one. Nobody may have it open for appending.
func Retire(dir, class string, day Day) error {
	p := period{class: class, day: day}
	if err := p.check(); err != nil {
		return err
	}
	numbers, err := partNumbers(dir, p)
	if err != nil {
		return err
	}
	step("number the part keys of " + p.String())
	err = os.Rename(partPath(dir, p), numbered(dir, p, newest(numbers)+1))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it has none
	}
	if err != nil {
		return fmt.Errorf("part keys of %s: %w", p, err)
	}
	return durable.SyncFolder(filepath.Dir(partPath(dir, p)))
}

// Forget removes the files of part keys of a period that has no key in the ring any more. A
// note that it was destroyed goes last.
func (k *Ring) Forget(periods ...Period) error {
	return k.change(func() error {
		for _, p := range periods {
			if k.file.periods[p.key()] != nil {
				return fmt.Errorf("%s still has its key", p)
			}
			paths, err := partPaths(filepath.Dir(k.folder), p.key())
			if err != nil {
				return err
			}
			slices.Reverse(paths) // the newest file, which has the note, comes last
			if err := removeAll(paths); err != nil {
				return err
			}
		}
		return nil
	})
}

// removeAll removes files that may be there, one after another, durably.
func removeAll(paths []string) error {
	for _, path := range paths {
		step("remove " + path)
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := durable.SyncFolder(filepath.Dir(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
