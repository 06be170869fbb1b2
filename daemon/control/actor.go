package control

import (
	"errors"
	"slices"

	"linevault/daemon/auth"
)

// Actor is who asks, and from where.
type Actor struct {
	Name    string
	Roles   []auth.Role
	Address string
}

// The refusals a face tells apart.
var (
	ErrForbidden = errors.New("your account may not do this")
	ErrNoCall    = errors.New("there is no such call")
	ErrNoGrant   = errors.New("say why you are listening first")
	ErrLive      = errors.New("this call is still being recorded; it can be played when it has ended")
)

// May reports whether one of the actor's roles has p.
func (a Actor) May(p Permission) bool {
	return slices.ContainsFunc(a.Roles, func(r auth.Role) bool { return slices.Contains(may[p], r) })
}

func (a Actor) need(p Permission) error {
	if !a.May(p) {
		return ErrForbidden
	}
	return nil
}
