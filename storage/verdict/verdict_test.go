package verdict

import (
	"strings"
	"testing"

	"linevault/storage/checkpoint"
)

func TestPrint(t *testing.T) {
	key := checkpoint.NewKey([32]byte{1}).Public()
	holds := Verdict{
		Of: "pack", Facts: "It is a pack.\n", Proved: []string{"this;", "that."}, Unproved: []string{"the other."}, Key: key,
	}
	trusted := holds
	trusted.Trusted = true
	broken := trusted
	broken.Problems = []string{"the pack: its end is not there", "the sound was changed"}
	const says = "It is a pack.\n\nWhat this proves:\n  - this;\n  - that.\nWhat it does not prove:\n  - the other.\n"
	for _, c := range []struct {
		v    Verdict
		want string
	}{
		{trusted, "PROVED.\n" + says + "The signature is trusted by the key that you gave, " + key.Name() + ".\n"},
		{holds, "CONSISTENT, and signed by a key that you must still compare.\n" + says +
			"The key came with the pack, so whoever made the pack chose it. Compare its fingerprint with the one\n" +
			"that the council gives you on another way, or run this again with --key:\n  " + key.Fingerprint() + "\n  " + string(key) + "\n"},
		{broken, "NOT PROVED. Do not rely on this pack:\n  - the pack: its end is not there\n  - the sound was changed\n" +
			"Ask the council for the pack again.\n"},
	} {
		var b strings.Builder
		if err := c.v.Print(&b); err != nil || b.String() != c.want {
			t.Errorf("%v, printed\n%s\nwant\n%s", err, b.String(), c.want)
		}
	}
}
