package auth

import (
	"net/netip"
	"strings"
	"sync"
	"time"
)

// How failures slow down who makes them. After freeTries the wait doubles from a second to
// maxWait, so that some 20 guesses an hour are looked at, and an owner is never locked out
// for longer than maxWait by somebody at another address, nor for ever by anybody.
const (
	freeTries    = 5  // for one account from one address
	freePerPlace = 30 // for all accounts from one address
	maxWait      = 15 * time.Minute
	forgetAfter  = time.Hour
	maxTracked   = 10_000
)

// tries counts failures by account and address, and by address.
type tries struct {
	mu   sync.Mutex
	seen map[string]*failures
}

type failures struct {
	n    int
	last time.Time
}

func newTries() *tries { return &tries{seen: make(map[string]*failures)} }

func placeKeys(account, address string) (both, place string) {
	place = network(address)
	return strings.ToLower(account) + "\x00" + place, "\x00" + place
}

// begin says how long to wait, or counts a failure that succeed takes back: counting first
// means that a hundred tries at the same instant are not a hundred free ones.
func (t *tries) begin(account, address string, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	both, place := placeKeys(account, address)
	wait := max(t.waitLocked(both, freeTries, now), t.waitLocked(place, freePerPlace, now))
	if wait > 0 {
		return wait
	}
	t.failLocked(both, now)
	t.failLocked(place, now)
	return 0
}

// succeed forgets the account's failures at this address, and the one begin counted against
// the address.
func (t *tries) succeed(account, address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	both, place := placeKeys(account, address)
	delete(t.seen, both)
	if f := t.seen[place]; f != nil {
		f.n--
	}
}

func (t *tries) waitLocked(key string, free int, now time.Time) time.Duration {
	f := t.seen[key]
	if f == nil || f.n < free {
		return 0
	}
	wait := maxWait
	if over := f.n - free; over < 20 {
		wait = min(maxWait, time.Second<<over)
	}
	return max(0, f.last.Add(wait).Sub(now))
}

func (t *tries) failLocked(key string, now time.Time) {
	f := t.seen[key]
	if f == nil {
		t.makeRoomLocked(now)
		f = new(failures)
		t.seen[key] = f
	}
	f.n, f.last = f.n+1, now
}

// makeRoomLocked forgets what is old, and the oldest if nothing is, so that made-up names
// cannot fill the memory.
func (t *tries) makeRoomLocked(now time.Time) {
	if len(t.seen) < maxTracked {
		return
	}
	oldest, at := "", now
	for key, f := range t.seen {
		if now.Sub(f.last) > forgetAfter {
			delete(t.seen, key)
		} else if !f.last.After(at) {
			oldest, at = key, f.last
		}
	}
	if len(t.seen) >= maxTracked {
		delete(t.seen, oldest)
	}
}

// network is an address as far as one person cannot change it at will: all of an IPv4
// address, the first 64 bits of an IPv6 one.
func network(address string) string {
	if ap, err := netip.ParseAddrPort(address); err == nil {
		address = ap.Addr().Unmap().WithZone("").String()
	}
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if a = a.Unmap(); a.Is6() {
		if p, err := a.WithZone("").Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
