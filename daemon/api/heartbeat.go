package api

import (
	"context"
	"fmt"
	"time"
)

// Watch raises an alarm for each terminal that promised to be heard and is not, or may not ask
// soon, and keeps when each last asked, until ctx ends. What it asked for stays: a terminal that died in mid payment may have a card read out.
func (a *API) Watch(ctx context.Context) {
	began := time.Now()
	t := time.NewTicker(time.Second)
	defer t.Stop()
	kept := began
	if a.Uses != nil {
		defer a.keepUses()
	}
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			a.heartbeats(began, now)
			a.expiries(now)
			if a.Uses != nil && now.Sub(kept) >= usesEvery {
				kept = now
				a.keepUses()
			}
		}
	}
}

func (a *API) heartbeats(began, now time.Time) {
	for _, t := range a.terminals {
		if t.Heartbeat <= 0 {
			continue
		}
		heard := t.lastUsed()
		if heard.Before(began) {
			heard = began // it could not ask while the recorder was away
		}
		key := "heartbeat " + t.Name
		if now.Sub(heard) <= t.Heartbeat {
			a.Health.Clear(key)
			continue
		}
		a.Health.Raise(key, "", fmt.Sprintf(
			"terminal %s promised to be heard every %v and is not: look whether it is on and its network works; what it paused stays paused",
			t.Name, t.Heartbeat))
	}
}
