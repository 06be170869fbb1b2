package storage

import "cmp"

// about adds a problem of a part, with the call that the part is of: as its boxes say,
// or else the ledger.
func (c *checker) about(p *storedPart, breaks Promise, name, format string, a ...any) {
	c.s.mu.Lock()
	call := cmp.Or(p.of, p.head.Call.ID)
	c.s.mu.Unlock()
	if e := c.entered[p.id]; call == "" && e != nil {
		call = e.Call
	}
	c.r.about(call, breaks, name, format, a...)
}
