package storage

import (
	"errors"
	"maps"
	"reflect"
	"slices"
)

// catalogue compares what the catalogue's snapshot says of each call with what its boxes say.
func (c *checker) catalogue(live Live) {
	shown, err := open(c.s.dir, live, recalling)
	if err != nil {
		c.r.add(catalogueDir, "%v", err)
		return
	}
	defer shown.Close()
	if p := shown.Progress(); !p.Whole {
		c.r.Listing = &p
	}
	const advice = "run `linevault check --rebuild`, which makes it anew"
	c.s.mu.Lock()
	order := slices.Sorted(maps.Keys(c.s.calls))
	c.s.mu.Unlock()
	for _, id := range order {
		truth, err := c.s.Find(id)
		if err != nil || truth.Live || truth.Damaged {
			continue // it changes while we look, or the boxes have told
		}
		row, err := shown.Find(id)
		switch {
		case errors.Is(err, ErrUnlisted):
		case errors.Is(err, ErrNoCall):
			c.r.about(id, Whole, catalogueDir, "call %s is stored and the catalogue does not have it: %s", id, advice)
		case err == nil && !row.Live && !reflect.DeepEqual(row, truth):
			c.r.about(id, Whole, catalogueDir, "call %s: the catalogue says otherwise than its boxes: %s", id, advice)
		}
	}
	page, err := shown.Calls(Query{Limit: 1})
	if err != nil {
		c.r.add(catalogueDir, "%v: %s", err, advice)
		return
	}
	if live == nil && c.r.Listing == nil && page.Total != len(order) {
		c.r.add(catalogueDir, "it finds %d calls where %d are: %s", page.Total, len(order), advice)
	}
}
