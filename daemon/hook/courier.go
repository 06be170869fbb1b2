package hook

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"linevault/codec/pcm"
	"linevault/storage/durable"
)

// Hook is one address that is told.
type Hook struct {
	Name   string // as people read it in alarms
	URL    string
	Signer *Signer
	Types  []Type       // all, if there are none
	Lines  []pcm.LineID // all, if there are none; what belongs to no line is told in any case
	Client *http.Client
}

// Times are how a courier waits; the zero value is for a box.
type Times struct {
	Look  time.Duration // how often it looks for new events
	First time.Duration // after a failure, then twice that and so on
	Most  time.Duration // between two tries
	Keep  time.Duration // how old an event may be that is tried once more
	Now   func() time.Time
}

var usual = Times{Look: 500 * time.Millisecond, First: 5 * time.Second, Most: time.Hour, Keep: 24 * time.Hour, Now: time.Now}

// Courier is the desk's end: it sends what waits in a queue.
type Courier struct {
	Queue  string
	Prefix string // of the ids of its events, which no other queue has; "evt_" if it is empty
	Key    *Key
	Hooks  []Hook
	Health Board
	Log    *slog.Logger
	Times

	mu   sync.Mutex // guards sent
	sent map[string]id
}

// Run sends to each address, in order, until ctx ends. One that fails does not hold up others.
func (c *Courier) Run(ctx context.Context) {
	if c.Now == nil {
		c.Times = usual
	}
	c.sent = map[string]id{}
	for _, h := range c.Hooks {
		n, err := sent(c.Queue, h.file())
		if err != nil {
			c.Log.Error("webhook", "webhook", h.Name, "err", err)
		}
		c.sent[h.file()] = n
	}
	var all sync.WaitGroup
	for _, h := range c.Hooks {
		all.Go(func() { c.serve(ctx, h) })
	}
	all.Wait()
}

// file is where it is kept how far h has been sent.
func (h Hook) file() string {
	sum := sha256.Sum256([]byte(h.URL))
	return hex.EncodeToString(sum[:8])
}

func (h Hook) wants(e event) bool {
	return (len(h.Types) == 0 || slices.Contains(h.Types, e.Type)) &&
		(len(h.Lines) == 0 || e.Line == "" || slices.Contains(h.Lines, e.Line))
}

// serve sends to one address until ctx ends.
func (c *Courier) serve(ctx context.Context, h Hook) {
	for ctx.Err() == nil {
		if err := c.round(ctx, h); err != nil && ctx.Err() == nil {
			c.Health.Raise("webhook "+h.Name, "", fmt.Sprintf("webhook %s: what waits for it cannot be read: %v", h.Name, err))
		}
		sleep(ctx, c.Look)
	}
}

// round sends all that waits for h now.
func (c *Courier) round(ctx context.Context, h Hook) error {
	all, err := batches(c.Queue)
	if err != nil {
		return err
	}
	for _, b := range all {
		if b.last <= c.upTo(h) {
			continue
		}
		events, err := c.read(b)
		if errors.Is(err, os.ErrNotExist) {
			continue // it was given up
		}
		if err != nil {
			c.Health.Raise("webhook file "+b.name(), "", fmt.Sprintf("a file of events for webhooks is damaged and was passed over: %v", err))
		}
		for _, e := range events {
			if e.ID <= c.upTo(h) {
				continue
			}
			if h.wants(e) && !c.deliver(ctx, h, e) {
				return nil // ctx has ended
			}
			if err := c.done(h, e.ID); err != nil {
				return err
			}
		}
		if err := c.done(h, b.last); err != nil {
			return err
		}
		c.tidy()
	}
	return nil
}

func (c *Courier) read(b batch) ([]event, error) {
	sealed, err := os.ReadFile(filepath.Join(c.Queue, b.name()))
	if err != nil {
		return nil, err
	}
	plain, err := c.Key.open(b.name(), sealed)
	if err != nil {
		return nil, err
	}
	var events []event
	return events, json.Unmarshal(plain, &events)
}

func (c *Courier) upTo(h Hook) id {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sent[h.file()]
}

func (c *Courier) done(h Hook, n id) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n <= c.sent[h.file()] {
		return nil
	}
	if err := durable.Write(filepath.Join(c.Queue, "sent", h.file()), []byte(n.String())); err != nil {
		return err
	}
	c.sent[h.file()] = n
	return nil
}

// tidy removes what every address has been sent.
func (c *Courier) tidy() {
	c.mu.Lock()
	defer c.mu.Unlock()
	least := id(1<<64 - 1)
	for _, n := range c.sent {
		least = min(least, n)
	}
	all, err := batches(c.Queue)
	for _, b := range all {
		if b.last <= least {
			err = errors.Join(err, os.Remove(filepath.Join(c.Queue, b.name())))
		}
	}
	if err != nil {
		c.Log.Warn("webhooks: what has been sent was not removed", "err", err)
	}
}

// deliver tries until h has taken e, or e is given up. It returns false if ctx ended before.
func (c *Courier) deliver(ctx context.Context, h Hook, e event) bool {
	key := "webhook " + h.Name
	for wait := c.First; ; wait = min(2*wait, c.Most) {
		err := c.post(ctx, h, e)
		switch {
		case err == nil:
			c.Health.Clear(key)
			return true
		case ctx.Err() != nil:
			return false
		case c.Now().Sub(e.At) > c.Keep:
			c.Log.Error("webhook given up", "webhook", h.Name, "event", e.ID.String(), "err", err)
			c.Health.Raise("webhook given up "+h.Name, "", fmt.Sprintf(
				"webhook %s did not take an event of %s for %v, and it was given up: %v; see what the receiver missed",
				h.Name, e.At.Local().Format("2 January 15:04:05"), c.Keep, err))
			return true
		}
		c.Health.Raise(key, "", fmt.Sprintf("webhook %s does not take events: %v; they wait, and are tried again for %v", h.Name, err, c.Keep))
		if !sleep(ctx, wait) {
			return false
		}
	}
}

// post tries once.
func (c *Courier) post(ctx context.Context, h Hook, e event) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(e.Payload))
	if err != nil {
		return err
	}
	number, at := cmp.Or(c.Prefix, "evt_")+e.ID.String(), c.Now()
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "Linevault")
	r.Header.Set("webhook-id", number)
	r.Header.Set("webhook-timestamp", strconv.FormatInt(at.Unix(), 10))
	r.Header.Set("webhook-signature", h.Signer.header(number, at, e.Payload))
	a, err := h.Client.Do(r)
	if u, is := errors.AsType[*url.Error](err); is {
		return u.Err // without the address, which may hold a secret
	}
	if err != nil {
		return err
	}
	defer a.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(a.Body, 64<<10)) // so that the connection serves again
	if a.StatusCode < 200 || a.StatusCode > 299 {
		return fmt.Errorf("it answered %s", a.Status)
	}
	return nil
}

// sleep waits, and reports whether ctx is still on.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
