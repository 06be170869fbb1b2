package main

import (
	"os"

	"linevault/daemon/link"
	"linevault/storage"
)

// openWhole opens a store of which every call is listed. Where no desk has kept the list, that
// takes a while: no verb may say of a call that it is not there, or act on a part of it.
func openWhole(dir string) (*storage.Store, error) {
	s, err := storage.Open(dir, link.Dial(dir))
	if err != nil {
		return nil, err
	}
	line := newProgress(os.Stderr)
	defer line.end()
	show := line.count("files of recordings read")
	err = s.ReadOn(func(p storage.Progress) bool {
		show(p.Read, p.Files)
		return false
	})
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}
