package web

import (
	"net/http"
	"time"

	"linevault/daemon/control"
)

func (s *server) audioOgg(w http.ResponseWriter, r *http.Request) { s.audio(w, r, control.Ogg) }

func (s *server) audioWAV(w http.ResponseWriter, r *http.Request) { s.audio(w, r, control.WAV) }

// audio serves a call by range, straight from what is sealed: no file is made on the way.
func (s *server) audio(w http.ResponseWriter, r *http.Request, f control.Format) {
	sound, err := s.Desk.Audio(actor(r), r.PathValue("id"), r.URL.Query().Get("permit"), f)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	s.serve(w, r, sound, "inline")
}

// download is a POST, because to take a call away is written down.
func (s *server) download(w http.ResponseWriter, r *http.Request) {
	f := control.Format(r.PostFormValue("format"))
	sound, err := s.Desk.Export(actor(r), r.PathValue("id"), r.PostFormValue("permit"), f)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	s.serve(w, r, sound, "attachment")
}

func (s *server) serve(w http.ResponseWriter, r *http.Request, sound *control.Sound, how string) {
	defer sound.Close()
	h := w.Header()
	h.Set("Content-Type", sound.Type)
	h.Set("Content-Disposition", how+`; filename="`+sound.Name+`"`)
	h.Set("ETag", sound.ETag)
	// A listener may take as long over a call as it lasts, and longer; the server's write
	// deadline is for pages. What is not read for a while is dropped by TCP's own timers.
	if err := http.NewResponseController(w).SetWriteDeadline(time.Time{}); err != nil {
		s.Log.Debug("no write deadline to clear", "err", err)
	}
	http.ServeContent(w, r, sound.Name, time.Time{}, sound)
}
