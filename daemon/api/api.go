// Package api is what payment terminals, IVRs and CRMs speak to: a small HTTP interface on
// the recorder's own listener, which works while the desk is down and the disk is stalled.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/capture"
	"linevault/daemon/link"
)

// confirm is how long the recorder may take to confirm a pause.
const confirm = 250 * time.Millisecond

// Recorder is what the API needs of the recorder.
type Recorder interface {
	Status() link.Status
	Mark(ctx context.Context, id pcm.LineID, m capture.Mark) (capture.Receipt, error)
}

// Board is where alarms are raised.
type Board interface {
	Raise(key string, line pcm.LineID, text string)
	Clear(key string)
}

// API answers terminals. Its zero value is unusable: Open makes one.
type API struct {
	Settings
	terminals []*terminal
	strangers *strangers
	document  []byte
	confirm   time.Duration
	said      string // why Uses could not be written, so that it is said once
}

// Settings are what an API is made of.
type Settings struct {
	Recorder   Recorder
	Terminals  []Terminal
	Extensions map[pcm.LineID][]string // the extensions that a line serves, besides its number
	OnPause    map[pcm.LineID]string   // "resume" or "stop", as lines are set
	OnLimit    map[pcm.LineID]string   // "stay" or "resume", as lines are set
	Signer     *Signer
	Uses       *Uses // where it is kept when terminals last asked; nil for nowhere
	Health     Board
	Log        *slog.Logger
}

// Open makes an API.
func Open(s Settings) *API {
	a := &API{Settings: s, strangers: newStrangers(), document: document(), confirm: confirm}
	for _, t := range s.Terminals {
		a.terminals = append(a.terminals, newTerminal(t))
	}
	if a.Uses != nil {
		a.restoreUses()
	}
	return a
}

// Handler serves the routes.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, r := range a.routes() {
		h := r.public
		if h == nil {
			h = a.known(r.does)
		}
		mux.HandleFunc(r.Pattern, h)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r)
	})
}
