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

// openSpool opens a process's end of webhooks, which tells of its alarms; nil if nobody is told.
func openSpool(queue string, cfg *config.Config, board *health.Board) (*hook.Spool, error) {
	if len(cfg.Webhook) == 0 {
		return nil, nil
	}
	s, err := hook.OpenSpool(queue, board)
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

// tellAlarms tells webhooks of the desk's alarms until stop, which writes what is left.
func tellAlarms(dir string, cfg *config.Config, board *health.Board) (stop func(), err error) {
	s, err := openSpool(hook.OfDesk(dir), cfg, board)
	if err != nil || s == nil {
		return func() {}, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx)
	}()
	return func() { cancel(); <-done }, nil
}

// sendWebhooks sends what both processes tell, until ctx ends.
func sendWebhooks(ctx context.Context, dir string, cfg *config.Config, ring *keys.Ring, board *health.Board, log *slog.Logger) error {
	if len(cfg.Webhook) == 0 {
		return nil
	}
	var hooks []hook.Hook
	for _, w := range cfg.Webhook {
		h, err := makeHook(w)
		if err != nil {
			return coded{fmt.Errorf("webhook %s: %w", w.Name, err), exitMustMend}
		}
		hooks = append(hooks, h)
	}
	for queue, prefix := range map[string]string{hook.OfRecorder(dir): "evt_", hook.OfDesk(dir): "evt_desk_"} {
		key, err := hook.NewKey(queue, ring.Derive("webhooks"))
		if err != nil {
			return err
		}
		c := &hook.Courier{Queue: queue, Prefix: prefix, Key: key, Hooks: hooks, Health: board, Log: log}
		go c.Run(ctx)
	}
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
