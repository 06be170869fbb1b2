package web

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// assets are the built files, with the addresses that pages name them by: a hash of the
// contents is in each, so that a browser may keep it for ever.
type assets struct {
	files               fs.FS
	Style, Script, Icon string
}

// readAssets is nil where they were not built.
func readAssets(files fs.FS) *assets {
	dist, err := fs.Sub(files, "dist")
	if err != nil {
		panic("web: " + err.Error())
	}
	a := &assets{files: dist}
	for name, address := range map[string]*string{"app.css": &a.Style, "app.js": &a.Script, "icon.svg": &a.Icon} {
		data, err := fs.ReadFile(dist, name)
		if err != nil {
			return nil
		}
		sum := sha256.Sum256(data)
		*address = "/assets/" + name + "?v=" + hex.EncodeToString(sum[:6])
	}
	return a
}

func (s *server) asset(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if s.assets == nil || strings.HasPrefix(path.Base(name), ".") {
		s.notFound(w, r)
		return
	}
	if info, err := fs.Stat(s.assets.files, name); err != nil || info.IsDir() {
		s.notFound(w, r)
		return
	}
	if r.URL.Query().Has("v") {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		w.Header().Set("Cache-Control", "no-cache")
	}
	http.ServeFileFS(w, r, s.assets.files, name)
}
