package disclosure

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Format is the version of packs that this package makes and reads.
const Format = 1

// Manifest says what a pack is about.
type Manifest struct {
	Format   int       `json:"format"`
	Software string    `json:"software"` // that made the pack
	Made     time.Time `json:"made"`
	Key      string    `json:"key"` // public, of the box
	Request  Request   `json:"request"`
	Call     Call      `json:"call"`
	Gaps     []Gap     `json:"gaps"` // of the call as it is in the pack, silent for their true length
	Parts    []Part    `json:"parts"`
	Files    []File    `json:"files"`
}

// Request is who gets the call, and why.
type Request struct {
	By        string `json:"by"` // who made the pack
	To        string `json:"to"`
	Basis     string `json:"basis"` // in law
	Purpose   string `json:"purpose"`
	Reference string `json:"reference,omitempty"`
}

// Call is what is known of the call.
type Call struct {
	ID         string    `json:"id"`
	Line       string    `json:"line"`
	Name       string    `json:"name"` // the line's public name
	Department string    `json:"department,omitempty"`
	LineNumber string    `json:"line_number,omitempty"`
	FarNumber  string    `json:"far_number,omitempty"`
	Direction  string    `json:"direction,omitempty"`
	Start      time.Time `json:"start"`
	From       int64     `json:"from"` // in samples of the line's clock
	To         int64     `json:"to"`
	Rate       int       `json:"rate"`
	Legs       int       `json:"legs"` // 1: both parties mixed; 2: the council's, then the other's
	End        string    `json:"end"`
	Clock      Clock     `json:"clock"`
	Software   string    `json:"software,omitempty"` // that recorded it
	Demo       bool      `json:"demo,omitempty"`     // made up
}

// Clock is how far the time of day could be trusted when the call began.
type Clock struct {
	Source      string        `json:"source"`
	Offset      time.Duration `json:"offset_ns"`
	Uncertainty time.Duration `json:"uncertainty_ns"`
}

// File is a file of the pack that the manifest vouches for.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Length is how long the call is, by its line's clock.
func (c Call) Length() time.Duration { return samples(c.To-c.From, c.Rate) }

func samples(n int64, rate int) time.Duration {
	if rate <= 0 {
		return 0
	}
	r := int64(rate)
	return time.Duration(n/r)*time.Second + time.Duration(n%r)*time.Second/time.Duration(r)
}

// write is v as JSON, in the one form that read takes.
func write(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(v)
	return b.Bytes(), err
}

// read reads JSON that write wrote, and no other: one thing can be written in many ways, of
// which an altered one is no better for meaning the same.
func read(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("it cannot be read (%w)", err)
	}
	again, err := write(v)
	if err != nil || !bytes.Equal(again, b) {
		return notPack("it is not written as a Linevault writes it")
	}
	return nil
}

func readManifest(b []byte) (*Manifest, error) {
	m := new(Manifest)
	var version struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(b, &version); err == nil && version.Format > Format {
		return nil, notPack("it is of format %d and this program knows up to %d: use a newer one", version.Format, Format)
	}
	if err := read(b, m); err != nil {
		return nil, err
	}
	if m.Format != Format || m.Call.Rate <= 0 || len(m.Parts) == 0 {
		return nil, notPack("it does not describe a call")
	}
	return m, nil
}

// tile checks that the parts make up the call.
func (m *Manifest) tile() error {
	at := m.Call.From
	for i, p := range m.Parts {
		switch {
		case p.Call != m.Call.ID:
			return notPack("part %d is of another call", i)
		case p.Number != i:
			return notPack("part %d of the call is missing, or the parts are not in their order", i)
		case p.From != at || p.To < p.From:
			return notPack("part %d does not begin where the part before it ends", i)
		case p.Rate != m.Call.Rate || p.Line != m.Call.Line:
			return notPack("part %d is of another line", i)
		case len(p.Boxes) == 0:
			return notPack("part %d has no boxes", i)
		}
		at = p.To
	}
	first := m.Parts[0]
	if at != m.Call.To || !first.Start.Equal(m.Call.Start) {
		return notPack("the call does not begin or end when its parts do")
	}
	return nil
}
