package auth

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"testing"
	"time"
)

func TestCertificateIsMadeOnceAndServes(t *testing.T) {
	dir := t.TempDir()
	c, err := OpenCertificate(dir, "recorder.example.test")
	if err != nil {
		t.Fatal(err)
	}
	again, err := OpenCertificate(dir, "recorder.example.test")
	if err != nil || again.Fingerprint() != c.Fingerprint() {
		t.Fatalf("opened again: another certificate, %v", err)
	}
	if n := len(c.Fingerprint()); n != 32*3-1 {
		t.Errorf("fingerprint %q", c.Fingerprint())
	}
	if info, err := os.Stat(c.path()); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(c.cert.Leaf)
	for _, host := range []string{"localhost", "127.0.0.1", "::1", "recorder.example.test"} {
		server, client := net.Pipe()
		go func() {
			conn := tls.Server(server, again.Config())
			if err := conn.Handshake(); err != nil {
				t.Error(err)
			}
		}()
		conn := tls.Client(client, &tls.Config{RootCAs: pool, ServerName: host})
		if err := conn.HandshakeContext(t.Context()); err != nil {
			t.Errorf("%s: %v", host, err)
		}
		server.Close()
		client.Close()
	}
}

func TestCertificateRenewsItselfBeforeItExpires(t *testing.T) {
	now := time.Now()
	dir := t.TempDir()
	c, err := openCertificate(dir, nil, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	other, err := openCertificate(dir, nil, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	first := c.Fingerprint()
	now = now.Add(certificateLife - renewBefore - time.Hour)
	if _, err := c.current(); err != nil || c.Fingerprint() != first {
		t.Errorf("renewed too early, %v", err)
	}
	now = now.Add(2 * time.Hour)
	if _, err := c.current(); err != nil || c.Fingerprint() == first {
		t.Errorf("not renewed, %v", err)
	}
	if _, err := other.current(); err != nil || other.Fingerprint() != c.Fingerprint() {
		t.Errorf("another process makes one of its own, %v", err)
	}
	if left := c.cert.Leaf.NotAfter.Sub(now); left < certificateLife-time.Minute {
		t.Errorf("the new one lasts %v", left)
	}
}

func TestCertificateSpoiltIsSaidNotReplaced(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(dir+"/tls", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(dir+"/tls/box.pem", []byte("not a certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenCertificate(dir); err == nil {
		t.Error("opened")
	}
}
