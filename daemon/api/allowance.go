package api

import (
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"
)

// rate is how many requests a second are answered, and how many at once after a rest.
type rate struct{ perSecond, atOnce float64 }

// A terminal asks a few times for each payment. Strangers are answered only so that somebody
// who is setting one up sees what is wrong; what they use up is not a terminal's.
var (
	perTerminal = rate{perSecond: 50, atOnce: 100}
	perStranger = rate{perSecond: 5, atOnce: 20}
)

// allowance is a token bucket.
type allowance struct {
	rate
	mu   sync.Mutex // guards what follows
	left float64
	at   time.Time
}

func newAllowance(r rate) *allowance { return &allowance{rate: r, left: r.atOnce} }

// take uses up one request, or says how long to wait for one.
func (b *allowance) take(now time.Time) (wait time.Duration, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = min(b.atOnce, b.left+max(0, now.Sub(b.at).Seconds())*b.perSecond)
	b.at = now
	if b.left < 1 {
		return time.Duration((1 - b.left) / b.perSecond * float64(time.Second)), false
	}
	b.left--
	return 0, true
}

// rested reports whether nothing of it has been used for a while.
func (b *allowance) rested(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.left+now.Sub(b.at).Seconds()*b.perSecond >= b.atOnce
}

// maxStrangers bounds what is remembered of addresses. When there are more, they share one
// allowance.
const maxStrangers = 1024

// strangers counts requests of nobody known, by address.
type strangers struct {
	mu     sync.Mutex
	of     map[netip.Prefix]*allowance // guarded by mu
	others *allowance
}

func newStrangers() *strangers {
	return &strangers{of: map[netip.Prefix]*allowance{}, others: newAllowance(perStranger)}
}

func (s *strangers) take(from netip.Addr, now time.Time) (time.Duration, bool) {
	return s.allowance(from, now).take(now)
}

func (s *strangers) allowance(from netip.Addr, now time.Time) *allowance {
	bits := 32
	if from.Is6() {
		bits = 64 // one network has them all
	}
	p, err := from.Prefix(bits)
	if err != nil {
		return s.others
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if b := s.of[p]; b != nil {
		return b
	}
	if len(s.of) >= maxStrangers {
		for k, b := range s.of {
			if b.rested(now) {
				delete(s.of, k)
			}
		}
	}
	if len(s.of) >= maxStrangers {
		return s.others
	}
	b := newAllowance(perStranger)
	s.of[p] = b
	return b
}

func tooMany(w http.ResponseWriter, wait time.Duration) {
	w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(wait.Seconds())))))
	problem(w, http.StatusTooManyRequests, "Too many requests. Wait as Retry-After says.")
}
