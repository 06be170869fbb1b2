package control

import (
	"fmt"

	"linevault/storage"
)

// Notice is something that somebody with the actor's roles must act on or know, on every page.
type Notice struct { // Link may be empty
	Text, Link, Where string
	Alarm             bool
}

// Notices lists what waits for the actor, from what is in memory and two small files.
func (d *Desk) Notices(a Actor) []Notice {
	list := append(d.listingNotice(a), d.spaceNotices(a)...)
	if h := d.heldBack(); h != nil && h.What != NotListed && a.May(ApproveRetention) {
		list = append(list, Notice{"Calls past their term are not being destroyed: " + heldWords(h) + ".", "/retention", "Retention", true})
	}
	if a.May(PlaceHold) {
		overdue := 0
		all, err := d.Store.Holds()
		if err != nil {
			d.Log.Error("the list of legal holds cannot be read", "err", err)
		}
		for _, h := range all {
			if !d.Now().Before(h.Review) {
				overdue++
			}
		}
		if overdue > 0 {
			list = append(list, Notice{count(overdue, "legal hold is", "legal holds are") + " due for review.", "/holds", "Legal holds", true})
		}
	}
	waiting, err := d.Requests(a)
	if err != nil {
		d.Log.Error("what waits for approval cannot be read", "err", err)
	}
	n := 0
	for _, w := range waiting {
		if w.MayApprove {
			n++
		}
	}
	if n > 0 {
		list = append(list, Notice{count(n, "request waits", "requests wait") + " for your approval.", "/requests", "Requests", false})
	}
	return list
}

// heldWords says what holds retention back.
func heldWords(h *storage.HeldBackError) string {
	switch h.What {
	case storage.NoTime:
		return "the recorder's time is not synchronised"
	case storage.TimeMoved:
		return "the recorder's time of day has moved"
	case storage.TooMany:
		return "they are more than usual"
	}
	return h.Why
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
