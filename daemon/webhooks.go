package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"linevault/daemon/capture"
	"linevault/daemon/config"
	"linevault/daemon/health"
	"linevault/daemon/hook"
	"linevault/daemon/link"
	"linevault/storage/keys"
)

// openSpool opens the recorder's end of webhooks; nil if nobody is told.
func openSpool(dir string, cfg *config.Config, board *health.Board) (*hook.Spool, error) {
	if len(cfg.Webhook) == 0 {
		return nil, nil
	}
	s, err := hook.OpenSpool(dir, board)
	if err != nil {
		return nil, err
	}
	board.Watch(func(a health.Alarm, on bool) {
		s.Tell(hook.Alarm, time.Now(), hook.Data{Line: a.Line, Alarm: a.Key, Text: a.Text, On: &on})
	})
	return s, nil
}

// follow tells lamps, relays and webhooks what lines do.
func follow(lines []*capture.Line, changed func(), s *hook.Spool) {
	for _, l := range lines {
		l.Changed = func(was, is *link.LineState) {
			changed()
			if s == nil {
				return
			}
			for _, t := range hook.Change(was, is) {
				s.Tell(t, time.Now(), hook.Of(t, was, is))
			}
		}
	}
}

// sendWebhooks sends what the recorder's spool holds, until ctx ends.
func sendWebhooks(ctx context.Context, dir string, cfg *config.Config, ring *keys.Ring, board *health.Board, log *slog.Logger) error {
	if len(cfg.Webhook) == 0 {
		return nil
	}
	key, err := hook.NewKey(dir, ring.Derive("webhooks"))
	if err != nil {
		return err
	}
	c := &hook.Courier{Dir: dir, Key: key, Health: board, Log: log}
	for _, w := range cfg.Webhook {
		h, err := makeHook(w)
		if err != nil {
			return coded{fmt.Errorf("webhook %s: %w", w.Name, err), exitMustMend}
		}
		c.Hooks = append(c.Hooks, h)
	}
	go c.Run(ctx)
	return nil
}

func makeHook(w config.Webhook) (hook.Hook, error) {
	h := hook.Hook{Name: w.Name, URL: w.URL, Lines: ids(w.Lines)}
	for _, e := range w.Events {
		h.Types = append(h.Types, hook.Type(e))
	}
	secret := os.Getenv(w.SecretEnv)
	if w.SecretFile != "" {
		b, err := os.ReadFile(w.SecretFile)
		if err != nil {
			return h, err
		}
		secret = string(b)
	}
	var err error
	if h.Signer, err = hook.ParseSigner(secret); err != nil {
		return h, fmt.Errorf("what secret_file or secret_env names is %w", err)
	}
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	if w.CA != "" {
		b, err := os.ReadFile(w.CA)
		if err != nil {
			return h, err
		}
		if t.RootCAs = x509.NewCertPool(); !t.RootCAs.AppendCertsFromPEM(b) {
			return h, fmt.Errorf("%s holds no certificate in PEM", w.CA)
		}
	}
	h.Client = &http.Client{
		Timeout:   15 * time.Second,
		Transport: &http.Transport{TLSClientConfig: t, Proxy: http.ProxyFromEnvironment, IdleConnTimeout: time.Minute},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return errors.New("it leads to another address: configure that one")
		},
	}
	return h, nil
}
