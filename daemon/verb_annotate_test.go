package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// What is said on the command line is found on the command line, by all flags together.
func TestAnnotateAndFind(t *testing.T) {
	dir, name := filepath.Join(t.TempDir(), "data"), speechFile(t, 12)
	out := must(t, "replay", "--data", dir, "--line", "Council tax", "--number", "02079460123", "--pause", "5s-7s", name)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	id := lines[len(lines)-1]
	must(t, "annotate", id, "--data", dir, "--note", "asked about bins", "--note", "twice", "--flag", "follow up", "--flag", "wrong", "--clear-flag", "wrong",
		"--rating", "4", "--agent", "Priya", "--extension", "4012", "--purpose", "complaint")
	var c callJSON
	if err := json.Unmarshal([]byte(must(t, "calls", "--json", "--data", dir, "--line", "council-tax", "--number", "0123", "--far", "02079460123",
		"--begins", "0207", "--ends", "123", "--longer", "10s", "--shorter", "20s", "--result", "partly", "--gap", "paused", "--flag", "follow up",
		"--rating", "4", "--rating-at-most", "4", "--note", "bin twice", "--agent", "priya", "--purpose", "Complaint", "--kind", "call", "--from", "2020-01-01")), &c); err != nil {
		t.Fatal(err)
	}
	if string(c.ID) != id || len(c.About.Notes) != 2 || len(c.About.Flags) != 1 || c.About.Stars != 4 || c.About.Extension.Text != "4012" ||
		!strings.HasPrefix(c.About.Rated.By, "command line: ") {
		t.Errorf("%+v", c)
	}
	if out := must(t, "calls", "--data", dir, "--flag", "any", "--agent", "4012", "--gap", "any"); !strings.Contains(out, "flag: follow up; rated 4 of 5; 2 note(s)") {
		t.Errorf("%s", out)
	}
	for _, none := range [][]string{{"--flag", "wrong"}, {"--held"}, {"--kind", "chat"}, {"--rating", "5"}, {"--note", "binx"}, {"--result", "nothing"}, {"--end", "interrupted"}} {
		if out := must(t, append([]string{"calls", "--data", dir}, none...)...); out != "no calls\n" {
			t.Errorf("%v: %s", none, out)
		}
	}
	for want, args := range map[string][]string{
		"--gap is one of any": {"calls", "--gap", "x"}, "rating is from 1 to 5": {"annotate", id, "--rating", "6"}, "say what to add": {"annotate", id},
		"is not a day": {"calls", "--from", "yesterday"}, "there is no call": {"annotate", "01ABCDEFGHJKMNPQRSTVWXYZ00", "--rating", "1"},
	} {
		out, err := linevault(append(args, "--data", dir)...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%v: %v, %s", args, err, out)
		}
	}
	must(t, "check", "--data", dir)
}
