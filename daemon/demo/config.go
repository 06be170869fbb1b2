package demo

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// PaymentLine is the line that the payment terminal pauses.
const PaymentLine = "parking"

// Config is the configuration of a box with the demonstration's lines, whose calls are in
// dir, and with one payment terminal, which holds token.
func Config(dir, token string) []byte {
	hash := sha256.Sum256([]byte(token))
	var b strings.Builder
	fmt.Fprintf(&b, `# The demonstration: four lines on which scripted calls come and go.
[site]
name = "Linevault demonstration"
demo = true

[[card]]
name = "demo"
kind = "replay"
folder = %q
speed = 1

[[terminal]]
name = "parking-1"
lines = [%q]
token_sha256 = %q
`, dir, PaymentLine, hex.EncodeToString(hash[:]))
	for i, l := range Lines {
		fmt.Fprintf(&b, `
[[line]]
name = %q
number = %q
department = %q
card = "demo"
script = [%s]
start = "%ds"
class = "standard"
detect = "loop"
manual_pause = true
`, l.Name, l.Number, l.Department, quoted(l.Scripts), 2+3*i)
	}
	return []byte(b.String())
}

func quoted(names []string) string {
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(out, ", ")
}
