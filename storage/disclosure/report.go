package disclosure

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
		b.WriteString("NOT PROVED. Do not rely on this pack:\n")
		for _, p := range r.Problems {
			fmt.Fprintf(&b, "  - %s\n", p)
		}
		b.WriteString("Ask the council for the pack again.\n")
		_, err := io.WriteString(w, b.String())
		return err
	}
	m := r.Manifest
	if r.Trusted {
		b.WriteString("PROVED.\n")
	} else {
		b.WriteString("CONSISTENT, and signed by a key that you must still compare.\n")
	}
	fmt.Fprintf(&b, "Call %s, line %s, began %s, %s long.\n", m.Call.ID, m.Call.Name, m.Call.Start.UTC().Format(time.RFC1123), clock(m.Call.Length()))
	fmt.Fprintf(&b, "Given to %s by %s on %s: %s (%s).\n\n", m.Request.To, m.Request.By, m.Made.UTC().Format(time.RFC1123), m.Request.Purpose, m.Request.Basis)
	b.WriteString("What this proves:\n")
	for _, s := range []string{
		"no byte of the pack was changed since the box signed;",
		fmt.Sprintf("all %d part(s) of the call are entered in the box's ledger, with every gap and its cause, and the hashes of all %d sealed boxes;", len(m.Parts), r.boxes()),
		fmt.Sprintf("this disclosure is entry %d of that ledger, which had %d entries on %s;", r.Entry, r.Checkpoint.Tree.N, r.Checkpoint.At.UTC().Format(time.RFC1123)),
		"the sound is the sound that the box disclosed then.",
	} {
		fmt.Fprintf(&b, "  - %s\n", s)
	}
	b.WriteString("What it does not prove:\n")
	for _, s := range []string{
		"that the sealed boxes hold just this sound: the box says so, and who has the box can check it with its keys;",
		"that call.wav is call.ogg decoded: any Opus decoder shows that;",
		fmt.Sprintf("the time of day beyond what the box's clock was worth (source: %s);", m.Call.Clock.source()),
		"that the ledger was not replaced as a whole: compare the checkpoint with those that left the box before.",
	} {
		fmt.Fprintf(&b, "  - %s\n", s)
	}
	if r.Trusted {
		fmt.Fprintf(&b, "The signature is trusted by the key that you gave, %s.\n", r.Key.Name())
	} else {
		fmt.Fprintf(&b, "The key came with the pack, so whoever made the pack chose it. Compare its fingerprint with the one that the\n"+
			"council gives you on another way, or run this again with --key:\n  %s\n  %s\n", r.Key.Fingerprint(), r.Key)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (r *Result) boxes() (n int) {
	for _, p := range r.Manifest.Parts {
		n += len(p.Boxes)
	}
	return n
}

func (c Clock) source() string {
	if c.Source == "" {
		return "not known"
	}
	return c.Source
}
