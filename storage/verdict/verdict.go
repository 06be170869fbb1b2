// Package verdict says in plain words what was proved of a file that left its box, and what was
// not.
package verdict

import (
	"fmt"
	"io"
	"strings"

	"linevault/storage/checkpoint"
)

// Verdict is what came of verifying a file.
type Verdict struct {
	Of       string   // what the file is, such as "pack"
	Problems []string // a sentence each; none if all holds
	Facts    string   // what the file says of itself, lines of text
	Proved   []string
	Unproved []string
	// Trusted is whether the key came from whoever verifies, and not out of the file.
	Trusted bool
	Key     checkpoint.PublicKey
}

// Print prints it for people.
func (v *Verdict) Print(w io.Writer) error {
	var b strings.Builder
	if len(v.Problems) > 0 {
		fmt.Fprintf(&b, "NOT PROVED. Do not rely on this %s:\n", v.Of)
		list(&b, v.Problems)
		fmt.Fprintf(&b, "Ask the council for the %s again.\n", v.Of)
		_, err := io.WriteString(w, b.String())
		return err
	}
	if v.Trusted {
		b.WriteString("PROVED.\n")
	} else {
		b.WriteString("CONSISTENT, and signed by a key that you must still compare.\n")
	}
	b.WriteString(v.Facts + "\nWhat this proves:\n")
	list(&b, v.Proved)
	b.WriteString("What it does not prove:\n")
	list(&b, v.Unproved)
	if v.Trusted {
		fmt.Fprintf(&b, "The signature is trusted by the key that you gave, %s.\n", v.Key.Name())
	} else {
		fmt.Fprintf(&b, "The key came with the %[1]s, so whoever made the %[1]s chose it. Compare its fingerprint with the one\n"+
			"that the council gives you on another way, or run this again with --key:\n  %[2]s\n  %[3]s\n", v.Of, v.Key.Fingerprint(), v.Key)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func list(b *strings.Builder, sentences []string) {
	for _, s := range sentences {
		fmt.Fprintf(b, "  - %s\n", s)
	}
}
