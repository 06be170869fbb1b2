package storage

// catalogueKey is what the catalogue's manifest is sealed with.
func (s *Store) catalogueKey() ([32]byte, error) { return s.ring.Derive("catalogue"), nil }
