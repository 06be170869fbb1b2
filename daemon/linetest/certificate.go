package linetest

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/link"
	"linevault/storage"
)

// Outcome is what a whole test came to.
type Outcome string

// The outcomes.
const (
	AllPassed  Outcome = "passed"
	PassedPart Outcome = "passed, with steps left out"
	NotPassed  Outcome = "failed"
)

// Certificate says what was seen of a line, on which box, by whom and when. It holds no number
// of anybody outside, and nothing that was said.
type Certificate struct {
	ID         string         `json:"id"`
	Box        string         `json:"box"`
	Software   string         `json:"software"`
	Line       pcm.LineID     `json:"line"`
	Name       string         `json:"name"`
	Department string         `json:"department,omitempty"`
	Number     storage.Number `json:"number,omitempty"` // the line's own
	Wiring     link.Wiring    `json:"wiring"`
	By         string         `json:"by"`
	Begun      time.Time      `json:"begun"`
	Done       time.Time      `json:"done"`
	Outcome    Outcome        `json:"outcome"`
	Steps      []Step         `json:"steps"`
	Call       string         `json:"call,omitempty"` // the test call's recording
}

// Certify is the certificate of a test that is over.
func (t *Test) Certify(box, software, by string) *Certificate {
	c := &Certificate{
		ID: newID(), Box: box, Software: software, By: by,
		Line: t.setup.Line, Name: t.first.Name, Department: t.first.Department, Number: t.first.Number, Wiring: t.last.Wiring,
		Begun: t.begun.UTC(), Done: t.now.UTC(), Outcome: AllPassed, Steps: append([]Step(nil), t.steps...), Call: t.call,
	}
	for _, s := range c.Steps {
		switch {
		case s.State == Failed:
			c.Outcome = NotPassed
		case s.State == Skipped && c.Outcome == AllPassed:
			c.Outcome = PassedPart
		}
	}
	return c
}

// newID is 80 random bits.
func newID() string {
	var b [10]byte
	rand.Read(b[:]) // never fails
	return strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
}

const firstLine = "linevault commissioning certificate 1\n"

// ErrCertificate is a certificate that was changed, or that another box signed.
var ErrCertificate = errors.New("the certificate is not as this box signed it")

// sign is the certificate as it is kept: the first line, one line of JSON, one line with the public
// key in hex and the Ed25519 signature of all before it.
func (c *Certificate) sign(key ed25519.PrivateKey) ([]byte, error) {
	j, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	b := append([]byte(firstLine), append(j, '\n')...)
	public := key.Public().(ed25519.PublicKey)
	return fmt.Appendf(b, "signed %s %s\n", hex.EncodeToString(public), base64.StdEncoding.EncodeToString(ed25519.Sign(key, b))), nil
}

// Parse reads a certificate that was signed with the key. It may stand at the end of a text.
func Parse(b []byte, key ed25519.PublicKey) (*Certificate, error) {
	from := bytes.Index(b, []byte(firstLine))
	at := bytes.LastIndex(b, []byte("\nsigned ")) + 1
	if from < 0 || at <= from {
		return nil, ErrCertificate
	}
	words := bytes.Fields(b[at:])
	if len(words) != 3 || string(words[1]) != hex.EncodeToString(key) {
		return nil, ErrCertificate
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(string(words[2]))
	if err != nil || !ed25519.Verify(key, b[from:at], signature) {
		return nil, ErrCertificate
	}
	var c Certificate
	if err := json.Unmarshal(b[from+len(firstLine):at], &c); err != nil {
		return nil, ErrCertificate
	}
	return &c, nil
}

// fingerprint is a public key in groups that can be read out.
func fingerprint(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	h := strings.ToUpper(hex.EncodeToString(sum[:16]))
	var groups []string
	for i := 0; i < len(h); i += 4 {
		groups = append(groups, h[i:i+4])
	}
	return strings.Join(groups, " ")
}

// ResultWords are the results of a step as people read them.
var ResultWords = map[State]string{
	Waiting: "not yet", Doing: "now", Trouble: "not yet right", Passed: "passed", Failed: "failed", Skipped: "left out",
}

// Text is the certificate on paper.
func (c *Certificate) Text(zone *time.Location) string {
	var b strings.Builder
	fmt.Fprintf(&b, "COMMISSIONING CERTIFICATE OF A LINE\n\nResult       %s\n", strings.ToUpper(string(c.Outcome)))
	for _, f := range []struct{ name, text string }{
		{"Line", c.Name},
		{"Department", c.Department},
		{"Number", string(c.Number)},
		{"Wired to", Wired(c.Wiring)},
		{"Box", c.Box},
		{"Software", "Linevault " + c.Software},
		{"Tested by", c.By},
		{"Begun", c.Begun.In(zone).Format("2 January 2006, 15:04:05 MST")},
		{"Done", c.Done.In(zone).Format("2 January 2006, 15:04:05 MST")},
		{"Test call", c.Call},
		{"Certificate", c.ID},
	} {
		if f.text != "" {
			fmt.Fprintf(&b, "%-12s %s\n", f.name, f.text)
		}
	}
	b.WriteString("\n")
	for i, s := range c.Steps {
		fmt.Fprintf(&b, "%2d. %-24s %s\n", i+1, s.Title, ResultWords[s.State])
		for _, f := range []struct{ name, text string }{{"seen", s.Seen}, {"left out because", s.Reason}, {"to mend", s.Advice}} {
			if f.text != "" {
				fmt.Fprintf(&b, "    %s: %s\n", f.name, f.text)
			}
		}
	}
	return b.String()
}

// Wired says how a line is connected.
func Wired(w link.Wiring) string {
	if w.Card == "" {
		return ""
	}
	text := []string{"card " + w.Card}
	if w.Kind != "" {
		text[0] += " (" + w.Kind + ")"
	}
	what := "channel"
	if w.Kind == "pri" {
		what = "timeslot"
	}
	for _, c := range w.Channels {
		text = append(text, fmt.Sprintf("%s %d", what, c))
	}
	return strings.Join(text, ", ")
}
