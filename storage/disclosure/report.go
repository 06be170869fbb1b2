package disclosure

import (
	"fmt"
	"io"
	"time"

	"linevault/storage/verdict"
)

// Print says in plain words what was proved and what was not.
func (r *Result) Print(w io.Writer) error {
	v := verdict.Verdict{Of: "pack", Problems: r.Problems, Trusted: r.Trusted, Key: r.Key}
	if m := r.Manifest; r.OK() {
		v.Facts = fmt.Sprintf("Call %s, line %s, began %s, %s long.\nGiven to %s by %s on %s: %s (%s).\n",
			m.Call.ID, m.Call.Name, m.Call.Start.UTC().Format(time.RFC1123), clock(m.Call.Length()),
			m.Request.To, m.Request.By, m.Made.UTC().Format(time.RFC1123), m.Request.Purpose, m.Request.Basis)
		v.Proved = []string{
			"no byte of the pack was changed since the box signed;",
			fmt.Sprintf("all %d part(s) of the call are entered in the box's ledger, with every gap and its cause, and the hashes of all %d sealed boxes;", len(m.Parts), r.boxes()),
			fmt.Sprintf("this disclosure is entry %d of that ledger, which had %d entries on %s;", r.Entry, r.Checkpoint.Tree.N, r.Checkpoint.At.UTC().Format(time.RFC1123)),
			"the sound is the sound that the box disclosed then.",
		}
		v.Unproved = []string{
			"that the sealed boxes hold just this sound: the box says so, and who has the box can check it with its keys;",
			"that call.wav is call.ogg decoded: any Opus decoder shows that;",
			fmt.Sprintf("the time of day beyond what the box's clock was worth (source: %s);", m.Call.Clock.source()),
			"that the ledger was not replaced as a whole: compare the checkpoint with those that left the box before.",
		}
	}
	return v.Print(w)
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
