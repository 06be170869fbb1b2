package certificate

import (
	"fmt"
	"io"
	"time"

	"linevault/storage/verdict"
)

// Print says in plain words what was proved and what was not.
func (r *Result) Print(w io.Writer) error {
	v := verdict.Verdict{Of: "certificate", Problems: r.Problems, Trusted: r.Trusted, Key: r.Key}
	if f := r.Facts; r.OK() {
		approved := ""
		if f.Approved != "" {
			approved = fmt.Sprintf(", approved by %q", f.Approved)
		}
		v.Facts = fmt.Sprintf("Certificate of destruction %q: %s, destroyed on %s.\nBy %q%s: %q\n",
			f.ID, f.what(), f.Done.UTC().Format(time.RFC1123), f.By, approved, f.Reason)
		v.Proved = []string{
			"no byte of the certificate was changed since the box signed;",
			fmt.Sprintf("the box then tried %d key(s) and %d sealed box(es) of what it had destroyed, and opened none.", f.SelfTest.Keys, f.SelfTest.Boxes),
		}
		v.Unproved = []string{
			"that there is no copy elsewhere: a backup with the root key of its day, or a pack or sound file that had left the box;",
			"the time of day beyond what the box's clock was worth.",
		}
	}
	return v.Print(w)
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
