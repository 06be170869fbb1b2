package control

import (
	"errors"
	"fmt"

	"linevault/codec/pcm"
	"linevault/daemon/linetest"
)

// certify signs what a test that is over came to.
func (d *Desk) certify(r *running) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.made != "" {
		return
	}
	c := r.test.Certify(d.Archive.Box(), d.Version, r.by)
	r.version++
	if err := d.Archive.Keep(c); err != nil {
		d.Log.Error("a certificate of a line test could not be kept", "line", c.Line, "err", err)
		r.trouble = err.Error()
		return
	}
	r.made, r.trouble = c.ID, ""
}

// LineCertificate is a certificate of a line test, and as it was signed.
func (d *Desk) LineCertificate(a Actor, id string) (*TestCertificate, []byte, error) {
	if err := a.need(TestLines); err != nil {
		return nil, nil, err
	}
	if d.Archive == nil {
		return nil, nil, linetest.ErrNone
	}
	c, err := d.Archive.Read(id)
	if err != nil {
		return nil, nil, err
	}
	signed, err := d.Archive.Signed(id)
	return c, signed, err
}

// NoCertificate reports whether err says that there is no such certificate.
func NoCertificate(err error) bool { return errors.Is(err, linetest.ErrNone) }

// Wired says how the line of a certificate is connected.
func Wired(c *TestCertificate) string { return linetest.Wired(c.Wiring) }

// TestProgress is how far a test is, for a page that follows it.
type TestProgress struct {
	Version int    `json:"version"` // 0 where there is no test
	Words   string `json:"words"`   // of the step that changed last, to be read out
}

// TestProgress is how far the test of a line is now.
func (d *Desk) TestProgress(a Actor, line string) (TestProgress, error) {
	if err := a.need(TestLines); err != nil {
		return TestProgress{}, err
	}
	r := d.tests.find(pcm.LineID(line))
	if r == nil {
		return TestProgress{}, nil
	}
	var t LineTest
	r.view(&t)
	p := TestProgress{Version: t.Version}
	switch {
	case t.Made != "":
		p.Words = "The test is over."
	case t.At < len(t.Steps) && t.Steps[t.At].State == linetest.Trouble:
		p.Words = t.Steps[t.At].Advice
	case t.At < len(t.Steps):
		p.Words = fmt.Sprintf("Step %d: %s", t.At+1, t.Steps[t.At].Do)
	}
	return p, nil
}
