package main

import (
	"fmt"
	"os"
	"strings"
)

// writeConfig writes the recorder's configuration: a card and a line on each of its timeslots. Opus is
// as cheap as it can be, because the machine is an emulated one.
func writeConfig(out string) error {
	var b strings.Builder
	fmt.Fprintf(&b, "[[card]]\nname = \"isdn\"\nkind = \"pri\"\nnetwork_span = %d\nuser_span = %d\n", networkTap, switchboardTap)
	for _, s := range timeslots() {
		fmt.Fprintf(&b, "\n[[line]]\nname = %q\ncard = \"isdn\"\nchannels = [%d]\ncomplexity = 1\n", lineName(s), s)
	}
	return os.WriteFile(out, []byte(b.String()), 0o600)
}
