// Package notary is the desk's clerk: it enters recordings in the ledger as they end, signs
// the ledger every minute when it has changed, and gets what is signed off the box.
package notary

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"linevault/daemon/health"
	"linevault/storage"
	"linevault/storage/evidence"
)

// Config is what a notary works on. The zero times are those of a box.
type Config struct {
	Dir         string
	Store       *storage.Store
	Register    *evidence.Register
	Checkpoints *evidence.Checkpoints
	To          Sender        // nil where nothing is sent
	Health      *health.Board // has an alarm while something cannot be entered, signed or sent; nil for none
	Log         *slog.Logger

	Look  time.Duration // how often it looks for parts that have ended; zero is 5 s
	Sign  time.Duration // how often it signs; zero is a minute
	Retry time.Duration // after how long it first tries to send again; zero is 5 s
}

const (
	look = 5 * time.Second
	sign = time.Minute
	// A server that cannot be reached is tried again after Retry, then after twice that and so
	// on, up to retryMost.
	retry     = 5 * time.Second
	retryMost = 5 * time.Minute
)

// Run works until ctx ends; then it enters and signs once more, and the keyring takes in what
// was signed.
func Run(ctx context.Context, c Config) {
	c.Look, c.Sign, c.Retry = cmp.Or(c.Look, look), cmp.Or(c.Sign, sign), cmp.Or(c.Retry, retry)
	signed := make(chan struct{}, 1)
	var sending sync.WaitGroup
	if c.To != nil {
		sending.Go(func() { c.send(ctx, signed) })
	}
	looking, signing := time.NewTicker(c.Look), time.NewTicker(c.Sign)
	defer looking.Stop()
	defer signing.Stop()
	n := notary{Config: c}
	n.enter()
	n.sign(signed)
	for ctx.Err() == nil {
		select {
		case <-looking.C:
			n.enter()
		case <-signing.C:
			n.sign(signed)
		case <-ctx.Done():
		}
	}
	n.enter()
	n.sign(signed)
	if err := c.Checkpoints.Anchor(time.Now()); err != nil && n.signing == "" {
		c.Log.Error("the keyring could not take in how the ledger is", "err", err)
	}
	sending.Wait()
}

type notary struct {
	Config
	entering, signing string // what was said last, so that it is said once
}

func (n *notary) enter() {
	err := n.Store.Refresh()
	if err == nil {
		_, err = n.Register.Enter()
	}
	n.say(&n.entering, "ledger entries", "recordings could not be entered in the ledger", err)
}

func (n *notary) sign(signed chan<- struct{}) {
	_, err := n.Checkpoints.Sign(time.Now())
	if err == nil {
		select {
		case signed <- struct{}{}:
		default: // it knows already
		}
	}
	n.say(&n.signing, "ledger signature", "the ledger could not be signed", err)
}

// say tells a person once: the log, and as an alarm until it is over.
func (n *notary) say(last *string, alarm, what string, err error) {
	n.alarm(alarm, what, err)
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != *last && text != "" {
		n.Log.Error(what, "err", err)
	}
	*last = text
}

func (c *Config) alarm(key, what string, err error) {
	switch {
	case c.Health == nil:
	case err != nil:
		c.Health.Raise(key, "", fmt.Sprintf("%s: %v", what, err))
	default:
		c.Health.Clear(key)
	}
}

// send sends whenever something was signed, and again after what failed.
func (c *Config) send(ctx context.Context, signed <-chan struct{}) {
	o := &outbox{dir: c.Dir, list: c.Checkpoints, to: c.To}
	wait := c.Retry
	var again <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-signed:
		case <-again:
		}
		err := o.send(ctx)
		if !errors.Is(err, context.Canceled) {
			c.alarm("ledger sending", "what is signed of the ledger could not be sent off the box; it waits, and it is tried again", err)
		}
		if err == nil {
			wait, again = c.Retry, nil
			continue
		}
		if errors.Is(err, context.Canceled) {
			return
		}
		if again == nil {
			c.Log.Warn("checkpoints could not be sent off the box; they wait, and it is tried again", "err", err)
		}
		again, wait = time.After(wait), min(2*wait, retryMost)
	}
}
