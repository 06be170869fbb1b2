package recovery

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// firstLine begins the file of the copies; the format version follows. After it come lines
//
//	root ID                  which root key the copies are of
//	needed K
//	recipient KEY NAME       age recipient; the name to the end of the line
//	copy 1,3 SEALED          base64: to the recipients of these numbers, the outermost first
//	end SHA256               of all that comes before, in hex
//
// The sum is against damage. Nothing else about the file is trusted: whom to wrap to is kept
// in the keyring, and what was unwrapped must open that.
const firstLine = "linevault recovery "

const version = "1"

// ErrNewer says that a file was written by a newer version of this program.
var ErrNewer = errors.New("written by a newer version of this program: update it")

// ErrDamaged says that a file is not as it was written.
var ErrDamaged = errors.New("the recovery copy is damaged: use another copy of keys/recovery, such as one from a backup")

// File is what keys/recovery holds.
type File struct {
	Root   string // id of the root key
	Plan   Plan
	Copies []Copy
}

// Encode is the file as text.
func (f *File) Encode() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s%s\nroot %s\nneeded %d\n", firstLine, version, f.Root, f.Plan.Needed)
	for _, r := range f.Plan.Recipients {
		fmt.Fprintf(&b, "recipient %s %s\n", r.Key, r.Name)
	}
	for _, c := range f.Copies {
		fmt.Fprintf(&b, "copy %s %s\n", numbers(c.To), base64.StdEncoding.EncodeToString(c.Sealed))
	}
	fmt.Fprintf(&b, "end %s\n", sum(b.Bytes()))
	return b.Bytes()
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func numbers(to []int) string {
	var all []string
	for _, i := range to {
		all = append(all, strconv.Itoa(i+1))
	}
	return strings.Join(all, ",")
}

// Parse reads what Encode wrote.
func Parse(b []byte) (*File, error) {
	head, rest, _ := strings.Cut(string(b), "\n")
	v, ok := strings.CutPrefix(head, firstLine)
	if !ok {
		return nil, ErrDamaged
	}
	if v != version {
		return nil, fmt.Errorf("the recovery copy is %w", ErrNewer)
	}
	end := strings.LastIndex(rest, "end ")
	if end < 0 || rest[end:] != "end "+sum(b[:len(head)+1+end])+"\n" {
		return nil, ErrDamaged
	}
	f := &File{}
	for line := range strings.Lines(rest[:end]) {
		if err := f.line(strings.TrimSuffix(line, "\n")); err != nil {
			return nil, err
		}
	}
	if f.Plan.Empty() || f.Plan.Check() != nil || !idPattern(f.Root) {
		return nil, ErrDamaged
	}
	return f, nil
}

func idPattern(id string) bool {
	b, err := hex.DecodeString(id)
	return err == nil && len(b) == 8
}

// line takes in one line.
func (f *File) line(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	var err error
	switch word {
	case "root":
		f.Root = rest
	case "needed":
		f.Plan.Needed, err = strconv.Atoi(rest)
	case "recipient":
		key, name, _ := strings.Cut(rest, " ")
		f.Plan.Recipients = append(f.Plan.Recipients, Recipient{Name: name, Key: key})
	case "copy":
		var c Copy
		to, sealed, _ := strings.Cut(rest, " ")
		if c.Sealed, err = base64.StdEncoding.DecodeString(sealed); err != nil {
			break
		}
		for n := range strings.SplitSeq(to, ",") {
			i, bad := strconv.Atoi(n)
			if bad != nil || i < 1 || i > len(f.Plan.Recipients) || slices.Contains(c.To, i-1) {
				return ErrDamaged
			}
			c.To = append(c.To, i-1)
		}
		f.Copies = append(f.Copies, c)
	default:
		err = ErrDamaged
	}
	if err != nil {
		return ErrDamaged
	}
	return nil
}
