package disclosure

import "io"

// WriteAnyhow writes a pack of whatever files, with no look at what belongs in one.
func WriteAnyhow(w io.Writer, contents []Content) error {
	return writeArchive(w, contents, layout(contents))
}

// Sums is what SHA256SUMS would be.
func Sums(contents []Content) []byte { return sums(contents) }

// Names are the files of a pack.
func Names() []string { return names }
