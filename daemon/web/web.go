// Package web is the desk's face in a browser: pages that work without JavaScript, and are
// better with it. It asks daemon/control for everything; no key, segment or card can be
// reached from here.
package web

import (
	"embed"
	"log/slog"
	"net/http"
	"regexp"
	"time"
	_ "time/tzdata" // an appliance need not have a zone database

	"linevault/daemon/control"
)

// Branding is what makes the pages the council's own.
type Branding struct {
	Council string // its name, in the header
	Service string // what it calls the recorder
	Colour  string // #rrggbb, dark enough for white text on it
	Contact string // whom to tell about a page that cannot be used
}

// Config is what the pages are made for.
type Config struct {
	Desk     *control.Desk
	Branding Branding
	Version  string
	Log      *slog.Logger
	Zone     *time.Location // nil is London's
	Now      func() time.Time
}

//go:embed templates/*.html
var templateFiles embed.FS

// distFiles is what `make build` makes of assets; in a clone where it has not run there is
// only a placeholder, and the pages are plain but work.
//
//go:embed all:dist
var distFiles embed.FS

type server struct {
	Config
	paces
	pages  pages
	assets *assets
}

var hexColour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// New is the web server of a desk. It must be served over TLS: browsers keep its cookie for
// nothing else.
func New(c Config) http.Handler {
	s := newServer(c)
	return s.secure(s.mux())
}

func newServer(c Config) *server {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Zone == nil {
		c.Zone = london()
	}
	if c.Branding.Council == "" {
		c.Branding.Council = "Call recorder"
	}
	if c.Branding.Service == "" {
		c.Branding.Service = "Call recordings"
	}
	if !hexColour.MatchString(c.Branding.Colour) {
		if c.Branding.Colour != "" {
			c.Log.Warn("the branding colour is not of the form #rrggbb; the usual one is used", "colour", c.Branding.Colour)
		}
		c.Branding.Colour = "#1d70b8"
	}
	s := &server{Config: c, paces: usualPaces, pages: parsePages(), assets: readAssets(distFiles)}
	if s.assets == nil {
		c.Log.Warn("the pages have no style sheet and no script: run `make build`, which makes them")
	}
	return s
}

func london() *time.Location {
	zone, err := time.LoadLocation("Europe/London")
	if err != nil {
		panic("web: no zone database: " + err.Error())
	}
	return zone
}
