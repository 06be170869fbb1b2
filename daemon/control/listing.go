package control

import "linevault/storage"

// ErrUnlisted is a call that is not in the list yet, which is being made anew.
var ErrUnlisted = storage.ErrUnlisted

// NotListed is what holds retention back until every call is listed; nobody need do anything.
const NotListed = storage.NotListed

// Unlisted reports whether the list of calls is not whole.
func (d *Desk) Unlisted() bool { return !d.Store.Progress().Whole }

// listingNotice says, on every page of who sees calls, that the list of calls is not whole.
func (d *Desk) listingNotice(a Actor) []Notice {
	p := d.Store.Progress()
	if p.Whole || !a.May(SeeCalls) && !a.May(SeeStatus) {
		return nil
	}
	n := Notice{Text: ListingWords(p)}
	if a.May(SeeStatus) {
		n.Link, n.Where = "/status", "Status"
	}
	return []Notice{n}
}

// ListingWords says that the list of calls is being made anew, how far it is, and what that means.
func ListingWords(p storage.Progress) string {
	return "The list of calls is being made anew: " + p.String() +
		". A search may not find every call until that is done. Nothing is lost, and nothing is destroyed meanwhile at the end of its term."
}
