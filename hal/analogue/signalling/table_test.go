package signalling

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTable prints what we, spandsp and multimon-ng make of the same files, and wants ours to be
// right wherever one of the others is.
func TestTable(t *testing.T) {
	spandsp := buildSpandsp(t)
	for _, tool := range []string{"multimon-ng", "sox"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: the comparison needs %s: apt-get install sox multimon-ng", tool)
		}
	}
	var right [3]int
	rows := truths(t)
	t.Logf("%-32s %-8s %-8s %s", "", "ours", "spandsp", "multimon-ng")
	for _, c := range rows {
		file := filepath.Join(*vectors, c.File)
		want := c.want()
		var ok [3]bool
		ok[0] = ours(t, file).equal(want)
		ok[1] = hearSpandsp(t, spandsp, file).equal(want)
		multimon := hearMultimon(t, file)
		if c.Kind == "call" {
			multimon.tones = want.tones // it does not know tones; its digits are judged
		}
		ok[2] = multimon.equal(want)
		var words [3]string
		for i := range ok {
			words[i] = "-"
			if ok[i] {
				right[i]++
				words[i] = "right"
			}
		}
		t.Logf("%-32s %-8s %-8s %s", c.File, words[0], words[1], words[2])
		if (ok[1] || ok[2]) && !ok[0] {
			t.Errorf("%s: another decoder gets this right and ours does not", c.File)
		}
	}
	t.Logf("%-32s %-8d %-8d %d", fmt.Sprintf("right of %d", len(rows)), right[0], right[1], right[2])
}

func buildSpandsp(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "spandsp")
	out, err := exec.CommandContext(t.Context(), "cc", "-w", "-o", bin, filepath.Join("testdata", "spandsp.c"), "-lspandsp", "-ltiff", "-lm").CombinedOutput()
	if err != nil {
		t.Skipf("SKIPPED: the comparison needs spandsp: apt-get install gcc libspandsp-dev libtiff-dev: %v\n%s", err, out)
	}
	return bin
}

var reasons = strings.NewReplacer("||P", "||withheld", "||O", "||unavailable")

func hearSpandsp(t *testing.T, bin, file string) (s seen) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), bin, file).Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		kind, value, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
		switch kind {
		case "dtmf":
			s.digits = value
		case "tone":
			s.tones = append(s.tones, value)
		case "cli":
			if !strings.HasPrefix(value, "|") {
				value += "allowed"
			}
			s.calls = append(s.calls, reasons.Replace(value))
		}
	}
	return s
}

var (
	multimonDigit  = regexp.MustCompile(`(?m)^DTMF: (\S)`)
	multimonCaller = regexp.MustCompile(`(?m)^CLIPFSK:.*$`)
	multimonKey    = regexp.MustCompile(` ([A-Z]+)=`)
)

func hearMultimon(t *testing.T, file string) (s seen) {
	t.Helper()
	raw, err := exec.CommandContext(t.Context(), "sox", file, "-t", "raw", "-e", "signed", "-b", "16", "-r", "22050", "-c", "1", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "multimon-ng", "-q", "-t", "raw", "-a", "DTMF", "-a", "CLIPFSK", "-")
	cmd.Stdin = bytes.NewReader(raw)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range multimonDigit.FindAllSubmatch(out, -1) {
		s.digits += string(m[1])
	}
	for _, m := range multimonCaller.FindAllString(string(out), -1) {
		f := map[string]string{}
		keys := multimonKey.FindAllStringSubmatchIndex(m, -1)
		for i, k := range keys {
			end := len(m)
			if i+1 < len(keys) {
				end = keys[i+1][0]
			}
			f[m[k[2]:k[3]]] = m[k[1]:end]
		}
		presentation := "allowed"
		switch {
		case strings.HasPrefix(f["RACLI"], "P"):
			presentation = "withheld"
		case strings.HasPrefix(f["RACLI"], "O"):
			presentation = "unavailable"
		}
		s.calls = append(s.calls, f["CID"]+"|"+f["CNT"]+"|"+presentation)
	}
	return s
}
