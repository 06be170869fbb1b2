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

// Permission is one thing that a role may do.
type Permission string

// The permissions.
const (
	SeeLines  Permission = "see lines"
	SeeCalls  Permission = "see calls"
	Listen    Permission = "listen"
	Export    Permission = "export"
	SeeStatus Permission = "see status"
)

// Permissions lists them all.
var Permissions = []Permission{SeeLines, SeeCalls, Listen, Export, SeeStatus}

// may is the whole of who may do what. What is not in it is denied: an administrator never
// hears a call, nor sees who called.
var may = map[auth.Role][]Permission{
	auth.Supervisor: {SeeLines, SeeCalls, Listen, Export},
	auth.Admin:      {SeeLines, SeeStatus},
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
	return slices.ContainsFunc(a.Roles, func(r auth.Role) bool { return slices.Contains(may[r], p) })
}

func (a Actor) need(p Permission) error {
	if !a.May(p) {
		return ErrForbidden
	}
	return nil
}
