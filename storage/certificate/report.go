package certificate

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Print says in plain words what was proved and what was not.
func (r *Result) Print(w io.Writer) error {
	var b strings.Builder
	if !r.OK() {
		b.WriteString("NOT PROVED. Do not rely on this certificate:\n")
		for _, p := range r.Problems {
			fmt.Fprintf(&b, "  - %s\n", p)
		}
		b.WriteString("Ask the council for the certificate again.\n")
		_, err := io.WriteString(w, b.String())
		return err
	}
	if r.Trusted {
		b.WriteString("PROVED.\n")
	} else {
		b.WriteString("CONSISTENT, and signed by a key that you must still compare.\n")
	}
	f := r.Facts
	fmt.Fprintf(&b, "Certificate of destruction %q: %s, destroyed on %s.\n", f.ID, f.what(), f.Done.UTC().Format(time.RFC1123))
	fmt.Fprintf(&b, "By %q", f.By)
	if f.Approved != "" {
		fmt.Fprintf(&b, ", approved by %q", f.Approved)
	}
	fmt.Fprintf(&b, ": %q\n\nWhat this proves:\n", f.Reason)
	for _, s := range []string{
		"no byte of the certificate was changed since the box signed;",
		fmt.Sprintf("the box then tried %d key(s) and %d sealed box(es) of what it had destroyed, and opened none.", f.SelfTest.Keys, f.SelfTest.Boxes),
	} {
		fmt.Fprintf(&b, "  - %s\n", s)
	}
	b.WriteString("What it does not prove:\n")
	for _, s := range []string{
		"that there is no copy elsewhere: a backup with the root key of its day, or a pack or sound file that had left the box;",
		"the time of day beyond what the box's clock was worth.",
	} {
		fmt.Fprintf(&b, "  - %s\n", s)
	}
	if r.Trusted {
		fmt.Fprintf(&b, "The signature is trusted by the key that you gave, %s.\n", r.Key.Name())
	} else {
		fmt.Fprintf(&b, "The key came with the certificate, so whoever made the file chose it. Compare its fingerprint with the one\n"+
			"that the council gives you on another way, or run this again with --key:\n  %s\n  %s\n", r.Key.Fingerprint(), r.Key)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// what was destroyed.
func (f *Facts) what() string {
	switch f.Kind {
	case "purge":
		return fmt.Sprintf("%v to %v of call %q", f.From, f.To, f.Call)
	case "erasure":
		return fmt.Sprintf("the whole call %q", f.Call)
	case "expiry":
		return fmt.Sprintf("%d call(s) in %d whole period(s) and %d part(s), at the end of their term", f.Calls, len(f.Periods), len(f.Parts))
	}
	return fmt.Sprintf("what it names %q", f.Kind)
}
