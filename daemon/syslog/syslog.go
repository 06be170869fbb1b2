// Package syslog sends messages to a syslog server over TLS, as RFC 5424 and RFC 5425 say.
package syslog

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// Server is where messages go.
type Server struct {
	Address string         // host:port
	CA      *x509.CertPool // who signs its certificate; nil for those that the system trusts
	Timeout time.Duration  // for all of a Send; zero is 20 s
}

// DefaultPort is that of syslog over TLS.
const DefaultPort = "6514"

// New is the server at an address, whose certificate one in the PEM file ca signs. An empty
// ca is those that the system trusts.
func New(address, ca string) (*Server, error) {
	s := &Server{Address: address}
	if _, _, err := net.SplitHostPort(address); err != nil {
		s.Address = net.JoinHostPort(address, DefaultPort)
	}
	if ca == "" {
		return s, nil
	}
	b, err := os.ReadFile(ca)
	if err != nil {
		return nil, fmt.Errorf("syslog: the server's authority: %w", err)
	}
	s.CA = x509.NewCertPool()
	if !s.CA.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("syslog: %s holds no certificate: it must be a PEM file of who signs the server's certificate", ca)
	}
	return s, nil
}

// Send sends messages, in order, on a connection of their own. The protocol has no receipt:
// Send ends its side and waits until the server has ended its own, or for two seconds, so
// that what a server resets unread is told. Who repeats a Send that failed may send twice.
func (s *Server) Send(ctx context.Context, messages []Message) error {
	timeout := s.Timeout
	if timeout == 0 {
		timeout = 20 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	d := tls.Dialer{Config: &tls.Config{RootCAs: s.CA, MinVersion: tls.VersionTLS12}}
	c, err := d.DialContext(ctx, "tcp", s.Address)
	if err != nil {
		return fmt.Errorf("syslog: %s: %w", s.Address, err)
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	if err := send(c.(*tls.Conn), messages); err != nil {
		return fmt.Errorf("syslog: %s: %w", s.Address, err)
	}
	return nil
}

// goodbye is how long a server may take to end its side.
const goodbye = 2 * time.Second

func send(c *tls.Conn, messages []Message) error {
	for _, m := range messages {
		if _, err := c.Write(m.frame()); err != nil {
			return err
		}
	}
	if err := c.CloseWrite(); err != nil {
		return err
	}
	if err := c.SetReadDeadline(time.Now().Add(goodbye)); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, io.LimitReader(c, 1<<16))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return nil // it keeps its side open, as some servers do
	}
	return err
}
