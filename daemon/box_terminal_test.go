package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"linevault/daemon/link"
	"linevault/storage"
)

// issuer signs client certificates of terminals.
type issuer struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	file string // the certificate as PEM
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{t: t, file: filepath.Join(t.TempDir(), "ca.pem")}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Council terminals"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	i.key, i.cert = i.sign(template, template, nil)
	b := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.cert.Raw})
	if err := os.WriteFile(i.file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return i
}

func (i *issuer) sign(template, parent *x509.Certificate, by *ecdsa.PrivateKey) (*ecdsa.PrivateKey, *x509.Certificate) {
	i.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		i.t.Fatal(err)
	}
	if by == nil {
		by = key
	}
	b, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	if err != nil {
		i.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(b)
	if err != nil {
		i.t.Fatal(err)
	}
	return key, cert
}

// client is c with a certificate of a terminal's name.
func (i *issuer) client(c *http.Client, name string) *http.Client {
	i.t.Helper()
	key, cert := i.sign(&x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, i.cert, i.key)
	t := c.Transport.(*http.Transport).TLSClientConfig.Clone()
	t.Certificates = []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: t}}
}

// The configuration names who signs terminals' certificates, and a terminal needs no more than
// such a certificate. What the box knows of its terminals, `linevault token --list` shows.
func TestTerminalShowsCertificate(t *testing.T) {
	council, stranger := newIssuer(t), newIssuer(t)
	_, toml := scripts(t, 1, 60)
	b := newBox(t, toml+`
[[group]]
name = "till lines"
lines = ["Line 0"]
[[terminal]]
name = "till 1"
lines = ["group:till lines"]
certificate = "till-1.council.example"
expires = "`+time.Now().AddDate(0, 0, 3).Format(time.DateOnly)+`"
`)
	conf, err := os.ReadFile(b.conf)
	if err != nil {
		t.Fatal(err)
	}
	conf = []byte(strings.Replace(string(conf), "[api]\n", "[api]\nclient_ca = \""+council.file+"\"\n", 1))
	if err := os.WriteFile(b.conf, conf, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := storage.Create(b.dir, []string{"standard"}); err != nil {
		t.Fatal(err)
	}
	b.start("record")
	b.await("the call", func() bool { s, _ := b.status(); return count(s, link.Recording) == 1 })
	plain := trusting(t, b.dir)
	for name, c := range map[string]*http.Client{"no certificate": plain, "another name": council.client(plain, "till-2.council.example")} {
		if status, _ := (&till{t: t, url: "https://" + b.api, client: c}).ask("PUT", "/v1/lines/line-0/pause", "", ""); status != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, status)
		}
	}
	if _, err := stranger.client(plain, "till-1.council.example").Get("https://" + b.api + "/v1/key"); err == nil {
		t.Error("a certificate of somebody else's was taken")
	}
	listed := func() (all link.Terminal) {
		if err := json.Unmarshal([]byte(must(t, "token", "--list", "--json", "--data", b.dir)), &all); err != nil {
			t.Fatal(err)
		}
		return all
	}
	if k := listed(); !k.LastUsed.IsZero() || k.LastFrom != "" || k.Shows != "certificate" {
		t.Errorf("before it asked it is listed as %+v", k)
	}
	k := &till{t: t, url: "https://" + b.api, client: council.client(plain, "till-1.council.example")}
	if status, l := k.insist("PUT", "/v1/lines/line-0/pause", "", ""); status != http.StatusOK || l.State != link.Paused {
		t.Errorf("%d %+v", status, l)
	}
	if k := listed(); k.LastUsed.IsZero() || k.LastFrom != "127.0.0.1" || len(k.Lines) != 1 {
		t.Errorf("afterwards it is listed as %+v", k)
	}
	if said := must(t, "token", "--list", "--data", b.dir); !strings.Contains(said, "till 1") || !strings.Contains(said, "127.0.0.1") {
		t.Errorf("it is listed as\n%s", said)
	}
	b.await("an alarm that it expires", func() bool {
		s, _ := b.status()
		return slices.ContainsFunc(s.Alarms, func(a link.Alarm) bool { return a.Key == "expires till 1" })
	})
	used := listed().LastUsed
	b.stop()
	b.start("record")
	if k := listed(); !k.LastUsed.Equal(used) || k.LastFrom != "127.0.0.1" {
		t.Errorf("after a restart it is listed as %+v, used at %v", k, used)
	}
	if text, err := os.ReadFile(filepath.Join(b.dir, "terminals")); err != nil || bytes.Contains(text, []byte("till")) || bytes.Contains(text, []byte("127.0")) {
		t.Errorf("on disk it is %q, %v", text, err)
	}
	b.stop()
}

// The list of pauses that stand was damaged while the recorder was down: every line begins
// paused, nothing of the first call is kept, and a person is told why.
func TestDamagedListOfPausesPausesAll(t *testing.T) {
	long(t)
	_, toml := scripts(t, 2, 5)
	b := newBox(t, toml)
	if err := storage.Create(b.dir, []string{"standard"}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(b.dir, "pauses"), []byte("this was a list of pauses"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.start("record")
	var s link.Status
	b.await("the calls", func() bool {
		s, _ = b.status()
		return len(s.Lines) == 2 && s.Lines[0].Call != "" && s.Lines[1].Call != ""
	})
	for _, l := range s.Lines {
		if l.State != link.Paused || len(l.PausedBy) != 1 || !strings.Contains(l.PausedBy[0], "the list of pauses was damaged") {
			t.Errorf("%s is %s, paused by %q", l.Line, l.State, l.PausedBy)
		}
	}
	if !slices.ContainsFunc(s.Alarms, func(a link.Alarm) bool {
		return a.Key == "pauses" && strings.Contains(a.Text, "every line began paused")
	}) {
		t.Errorf("alarms %+v", s.Alarms)
	}
	first := []storage.CallID{s.Lines[0].Call, s.Lines[1].Call}
	b.await("the next call", func() bool { s, _ := b.status(); return count(s, link.Recording) > 0 })
	b.stop()
	for _, c := range b.calls() {
		kept := c.Length
		for _, g := range c.Gaps {
			kept -= g.To - g.From
		}
		if slices.Contains(first, c.ID) && kept > 0.001 {
			t.Errorf("%.1f s were kept of %+v", kept, c)
		}
	}
}
