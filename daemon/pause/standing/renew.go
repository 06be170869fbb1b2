package standing

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"

	"linevault/storage/durable"
)

// renew replaces a file of the older format, whose names could be guessed, whole or not at all.
// Who is not among names stays as it is until that pause is over. What cannot be read it leaves
// alone.
func (b *Book) renew(path string, names []string) error {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	turn, slot, text, old := newest(raw)
	var all []Pause
	if !old || json.Unmarshal(text, &all) != nil {
		return nil
	}
	known := map[string]string{}
	for _, n := range names {
		known[plain(n)] = b.Opaque(n)
	}
	renamed := func(opaque string) string {
		if now, is := known[opaque]; is {
			return now
		}
		return opaque
	}
	for i, p := range all {
		all[i].Line, all[i].By = renamed(p.Line), renamed(p.By)
	}
	return durable.Fill(path, 0o600, func(f *os.File) error {
		return write(f, slot, turn+1, body{Key: b.Opaque(""), Pauses: all})
	})
}
