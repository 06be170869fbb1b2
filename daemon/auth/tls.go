package auth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"linevault/storage/durable"
)

const (
	certificateLife = 397 * 24 * time.Hour // the longest that browsers take without complaint
	renewBefore     = 30 * 24 * time.Hour
)

// Certificate is the box's own TLS certificate. It renews itself before it expires.
type Certificate struct {
	dir   string
	hosts []string
	now   func() time.Time

	mu   sync.Mutex // guards cert
	cert *tls.Certificate
}

// OpenCertificate reads the certificate in the folder tls of the data folder dir, or makes
// one for localhost, this machine's name and the hosts given.
func OpenCertificate(dir string, hosts ...string) (*Certificate, error) {
	return openCertificate(filepath.Join(dir, "tls"), hosts, time.Now)
}

func openCertificate(dir string, hosts []string, now func() time.Time) (*Certificate, error) {
	all := append([]string{"localhost", "127.0.0.1", "::1"}, hosts...)
	if name, err := os.Hostname(); err == nil {
		all = append(all, name)
	}
	slices.Sort(all)
	c := &Certificate{dir: dir, hosts: slices.Compact(all), now: now}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	if err := c.loadLocked(); err != nil { // nobody else has it yet
		return nil, fmt.Errorf("certificate in %s: %w; move box.pem away and a new one is made", dir, err)
	}
	if _, err := c.current(); err != nil {
		return nil, err
	}
	return c, nil
}

// Config is for a server: TLS 1.2 or newer with this certificate.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current() },
	}
}

// Fingerprint is the certificate's SHA-256 as browsers show it, to compare by eye.
func (c *Certificate) Fingerprint() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := sha256.Sum256(c.cert.Certificate[0])
	return strings.ReplaceAll(fmt.Sprintf("% X", sum), " ", ":")
}

// path is one file for both halves: a power cut cannot leave two that do not fit.
func (c *Certificate) path() string { return filepath.Join(c.dir, "box.pem") }

func (c *Certificate) loadLocked() error {
	pair, err := tls.LoadX509KeyPair(c.path(), c.path())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	c.cert = &pair
	return nil
}

func (c *Certificate) current() (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.goodLocked() {
		return c.cert, nil
	}
	// Another process of this box may have made a new one already.
	if err := c.loadLocked(); err == nil && c.goodLocked() {
		return c.cert, nil
	}
	if err := c.makeLocked(); err != nil {
		return nil, fmt.Errorf("certificate: make a new one: %w", err)
	}
	return c.cert, nil
}

func (c *Certificate) goodLocked() bool {
	if c.cert == nil {
		return false
	}
	now := c.now()
	if leaf := c.cert.Leaf; now.After(leaf.NotAfter.Add(-renewBefore)) || now.Before(leaf.NotBefore) {
		return false
	}
	return !slices.ContainsFunc(c.hosts, func(h string) bool { return c.cert.Leaf.VerifyHostname(h) != nil })
}

func (c *Certificate) makeLocked() error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return err
	}
	now := c.now()
	like := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "Linevault, made on this box"},
		NotBefore:    now.Add(-time.Hour), NotAfter: now.Add(certificateLife),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, h := range c.hosts {
		if ip := net.ParseIP(h); ip != nil {
			like.IPAddresses = append(like.IPAddresses, ip)
		} else {
			like.DNSNames = append(like.DNSNames, h)
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, like, like, key.Public(), key)
	if err != nil {
		return err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	both := slices.Concat(
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	pair, err := tls.X509KeyPair(both, both)
	if err != nil {
		return err
	}
	if err := durable.Write(c.path(), both); err != nil {
		return err
	}
	c.cert = &pair
	return nil
}
