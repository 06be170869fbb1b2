package disclosure

import (
	"bytes"
	_ "embed"
	"fmt"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"
	"time"

	"linevault/storage/checkpoint"
)

//go:embed statement.txt.tmpl
var statementText string

//go:embed statement.html.tmpl
var statementPage string

// most is how many gaps a statement of one page lists; the manifest has all.
const most = 12

// statement is what the templates see.
type statement struct {
	*Manifest
	Fingerprint, Box string
	Length, Recorded string
	Listed           []listedGap
	More             int
}

type listedGap struct{ From, To, Why string }

func (m *Manifest) statement() statement {
	k := checkpoint.PublicKey(m.Key)
	s := statement{Manifest: m, Fingerprint: k.Fingerprint(), Box: k.Name(), Length: clock(m.Call.Length())}
	recorded := m.Call.To - m.Call.From
	for _, g := range m.Gaps {
		recorded -= g.To - g.From
		if len(s.Listed) == most {
			s.More++
			continue
		}
		why := g.Cause
		if g.By != "" {
			why += " by " + g.By
		}
		if g.Reason != "" {
			why += ": " + g.Reason
		}
		at := func(p int64) string { return clock(samples(p-m.Call.From, m.Call.Rate)) }
		s.Listed = append(s.Listed, listedGap{at(g.From), at(g.To), why})
	}
	s.Recorded = clock(samples(recorded, m.Call.Rate))
	return s
}

// clock is a duration as 1:02:03.4.
func clock(d time.Duration) string {
	d = d.Round(100 * time.Millisecond)
	return fmt.Sprintf("%d:%02d:%04.1f", int(d.Hours()), int(d.Minutes())%60, (d % time.Minute).Seconds())
}

// Statements are the pages that go with a pack: plain text, and HTML.
func (m *Manifest) Statements() (text, page []byte, err error) {
	s := m.statement()
	when := func(t time.Time) string { return t.UTC().Format("2 January 2006 15:04:05 UTC") }
	var b bytes.Buffer
	t, err := texttemplate.New("text").Funcs(texttemplate.FuncMap{"when": when}).Parse(statementText)
	if err != nil {
		return nil, nil, err
	}
	if err := t.Execute(&b, s); err != nil {
		return nil, nil, fmt.Errorf("write the statement: %w", err)
	}
	text = []byte(strings.TrimSpace(b.String()) + "\n")
	b.Reset()
	h, err := htmltemplate.New("page").Funcs(htmltemplate.FuncMap{"when": when}).Parse(statementPage)
	if err != nil {
		return nil, nil, err
	}
	if err := h.Execute(&b, s); err != nil {
		return nil, nil, fmt.Errorf("write the statement: %w", err)
	}
	return text, bytes.Clone(b.Bytes()), nil
}
