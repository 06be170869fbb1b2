package main

import (
	"errors"
	"fmt"

	"linevault/daemon/auth"
	"linevault/daemon/control"
	"linevault/storage"
)

// atCommandLine is who runs the program, as the desk knows them: who has the box's files may
// do what calls need, but not look after accounts, and alone no more than a person on the web.
func atCommandLine() control.Actor {
	return control.Actor{Name: "command line: " + me(), Roles: []auth.Role{auth.Legal}}
}

// withDesk runs f with a desk on a data folder, with what it takes to destroy and to disclose,
// so that the command line goes by the rules of the web pages.
func withDesk(dir string, f func(*control.Desk) error) error {
	return withBooks(dir, func(b *books) error {
		s, err := openWhole(dir)
		if err != nil {
			return err
		}
		defer s.Close()
		return f(control.New(control.Config{Dir: dir, Store: s, Ledger: b.book, Checkpoints: b.checkpoints, Version: version}))
	})
}

// waitingFor is the request of a kind, about a call if one is named, that waits for another
// person, or nil.
func waitingFor(d *control.Desk, a control.Actor, kind, call string) (*control.Waiting, error) {
	all, err := d.Requests(a)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		if r.Kind == kind && string(r.Call) == call && r.Approved == "" {
			return &r, nil
		}
	}
	return nil, nil
}

// inFlags is an error of the desk in the words of a command line.
func inFlags(err error, call string) error {
	if errors.Is(err, control.ErrNoCall) || errors.Is(err, storage.ErrNoCall) {
		return noCall(storage.CallID(call))
	}
	if f, ok := errors.AsType[*control.FormError](err); ok {
		if _, no := errors.AsType[*control.NotAskedError](err); no {
			return f // nothing is wrong with the flag
		}
		return fmt.Errorf("--%s: %w", f.Field, f)
	}
	return err
}
