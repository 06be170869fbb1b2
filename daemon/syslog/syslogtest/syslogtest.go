// Package syslogtest is a syslog server over TLS for tests, which reads what it is sent by
// itself and not with the code that sends.
package syslogtest

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Server is a server that runs until the test ends.
type Server struct {
	Address string
	CA      string // the PEM file of its authority
	// Got has the messages of each connection that ended, and what went wrong with it as a last
	// message that begins with "error: ".
	Got chan []string

	cert   tls.Certificate
	refuse atomic.Int64
}

// New is a server on a port of its own.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{Got: make(chan []string, 1000)}
	s.cert, s.CA = certificate(t)
	l := s.Listen(t)
	go s.Serve(l)
	return s
}

// Listen opens a port of its own, on which nobody is served yet.
func (s *Server) Listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{s.cert}})
	if err != nil {
		t.Fatal(err)
	}
	s.Address = l.Addr().String()
	t.Cleanup(func() { _ = l.Close() }) // it may be closed
	return l
}

// Refuse ends the next n connections before anything is read from them.
func (s *Server) Refuse(n int) { s.refuse.Store(int64(n)) }

// Serve serves whoever comes, one after the other, until l is closed.
func (s *Server) Serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		if s.refuse.Add(-1) >= 0 {
			_ = c.Close() // on purpose
			continue
		}
		frames, err := read(c)
		if err != nil {
			frames = append(frames, "error: "+err.Error())
		}
		_ = c.Close() // it was read to its end
		s.Got <- frames
	}
}

// certificate is a self-signed one for 127.0.0.1, and the PEM file of it.
func certificate(t testing.TB) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "log server"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// read reads frames as RFC 5425, 4.3 has them: MSG-LEN SP SYSLOG-MSG, MSG-LEN without a
// leading zero.
func read(r io.Reader) (frames []string, err error) {
	in := bufio.NewReader(r)
	for {
		length, err := in.ReadString(' ')
		if err == io.EOF && length == "" {
			return frames, nil
		}
		if err != nil {
			return frames, err
		}
		n, err := strconv.Atoi(strings.TrimSuffix(length, " "))
		if err != nil || length[0] == '0' || n > 8192 {
			return frames, fmt.Errorf("MSG-LEN %q", length)
		}
		b := make([]byte, n)
		if _, err := io.ReadFull(in, b); err != nil {
			return frames, err
		}
		frames = append(frames, string(b))
	}
}
