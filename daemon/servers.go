package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/api"
	"linevault/daemon/auth"
	"linevault/daemon/capture"
	"linevault/daemon/config"
	"linevault/daemon/health"
	"linevault/daemon/link"
	"linevault/daemon/private"
	"linevault/storage"
)

// startServers opens the recorder's link to the desk and its API for terminals.
func startServers(dir string, secret *private.Secret, cfg *config.Config, r *capture.Recorder, w *storage.Writer, board *health.Board, log *slog.Logger) (stop func(), err error) {
	socket, err := link.Listen(dir)
	if err != nil {
		return nil, fmt.Errorf("the socket to the desk: %w", err)
	}
	a, err := makeAPI(dir, secret, cfg, r, board, log)
	if err != nil {
		return nil, coded{err, exitMustMend}
	}
	secrets, err := apiTLS(dir, cfg)
	if err != nil {
		return nil, coded{err, exitMustMend}
	}
	listener, err := net.Listen("tcp", cfg.API.Listen)
	if err != nil {
		return nil, cannotListen("api", cfg.API.Listen, err)
	}
	toDesk := link.Server(told{r, a}, w)
	toTerminals := &http.Server{
		Handler: a.Handler(), TLSConfig: secrets,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	serve := func(name string, f func() error) {
		if err := f(); !errors.Is(err, http.ErrServerClosed) {
			log.Error("server ended", "server", name, "err", err)
		}
	}
	watching, unwatch := context.WithCancel(context.Background())
	var watch sync.WaitGroup
	watch.Go(func() { a.Watch(watching) })
	go serve("desk", func() error { return toDesk.Serve(socket) })
	go serve("api", func() error { return toTerminals.ServeTLS(api.Bound(listener), "", "") })
	return func() {
		_, _ = toTerminals.Close(), toDesk.Close() // nothing waits for an answer now
		unwatch()
		watch.Wait() // what terminals did is written down
	}, nil
}

// told is the recorder as the desk sees it, with what terminals did.
type told struct {
	*capture.Recorder
	api *api.API
}

// Status is all lines and terminals as they are now.
func (t told) Status() link.Status {
	s := t.Recorder.Status()
	s.Terminals = t.api.Known()
	return s
}

// makeAPI makes the API for the terminals of the configuration.
func makeAPI(dir string, secret *private.Secret, cfg *config.Config, r *capture.Recorder, board *health.Board, log *slog.Logger) (*api.API, error) {
	s := api.Settings{
		Recorder: r, Health: board, Log: log, Extensions: map[pcm.LineID][]string{},
		OnPause: map[pcm.LineID]string{}, OnLimit: map[pcm.LineID]string{},
	}
	for _, l := range cfg.Line {
		id := config.ID(l.Name)
		s.Extensions[id], s.OnPause[id], s.OnLimit[id] = l.Extensions, l.OnPause, l.OnLimit
	}
	for _, t := range cfg.Terminal {
		k := api.Terminal{Name: t.Name, Certificate: t.Certificate, Lines: ids(t.Lines), Heartbeat: time.Duration(t.Heartbeat)}
		var err, err2, err3 error
		_, err = hex.Decode(k.Token[:], []byte(t.TokenSHA256))
		k.Expires, err2 = t.Until()
		k.From, err3 = t.Networks()
		if err := errors.Join(err, err2, err3); err != nil {
			return nil, fmt.Errorf("terminal %s: %w", t.Name, err)
		}
		s.Terminals = append(s.Terminals, k)
	}
	var err error
	if s.Uses, err = api.OpenUses(dir, secret.Key("terminals")); err != nil {
		log.Warn("it is not known any more", "err", err)
	}
	s.Signer, err = api.OpenSigner(dir)
	return api.Open(s), err
}

// apiTLS is the box's own certificate, and who may sign terminals'.
func apiTLS(dir string, cfg *config.Config) (*tls.Config, error) {
	cert, err := auth.OpenCertificate(dir)
	if err != nil {
		return nil, err
	}
	c := cert.Config()
	if cfg.API.ClientCA == "" {
		return c, nil
	}
	b, err := os.ReadFile(cfg.API.ClientCA)
	if err != nil {
		return nil, fmt.Errorf("api.client_ca: %w", err)
	}
	c.ClientCAs = x509.NewCertPool()
	if !c.ClientCAs.AppendCertsFromPEM(b) {
		return nil, fmt.Errorf("api.client_ca: %s holds no certificate in PEM", cfg.API.ClientCA)
	}
	c.ClientAuth = tls.VerifyClientCertIfGiven
	return c, nil
}
