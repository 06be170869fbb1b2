package api

import (
	"net"
	"net/netip"
	"sync"
)

// How many connections there may be, of one address and of all.
const (
	maxOfAddress = 64
	maxOfAll     = 1024
)

// Bound is a listener that closes at once what is too much: one machine that opens
// connections and says nothing leaves room for the others.
func Bound(l net.Listener) net.Listener {
	return &bound{Listener: l, of: map[netip.Addr]int{}}
}

type bound struct {
	net.Listener
	mu  sync.Mutex // guards what follows
	of  map[netip.Addr]int
	all int
}

// Accept waits for the next connection that is not too much.
func (b *bound) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		p, err := netip.ParseAddrPort(c.RemoteAddr().String())
		if err == nil && b.enter(p.Addr().Unmap()) {
			return &counted{Conn: c, leave: func() { b.leave(p.Addr().Unmap()) }}, nil
		}
		_ = c.Close() // nothing was said on it
	}
}

func (b *bound) enter(from netip.Addr) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all >= maxOfAll || b.of[from] >= maxOfAddress {
		return false
	}
	b.all++
	b.of[from]++
	return true
}

func (b *bound) leave(from netip.Addr) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all--
	if b.of[from]--; b.of[from] == 0 {
		delete(b.of, from)
	}
}

// counted is a connection that counts until it is closed.
type counted struct {
	net.Conn
	once  sync.Once
	leave func()
}

// Close closes it, once or more often.
func (c *counted) Close() error {
	c.once.Do(c.leave)
	return c.Conn.Close()
}
