package storage

import "fmt"

// Rebuild makes the catalogue's snapshot anew from the boxes, where no desk keeps it.
func Rebuild(dir string, live Live) error {
	s, err := open(dir, live, remaking)
	if err != nil {
		return err
	}
	kept := s.listing.lock != nil
	s.Close()
	if !kept {
		return fmt.Errorf("rebuild the catalogue of %s: a desk is running and keeps it: stop it first; nothing was changed", dir)
	}
	return nil
}
