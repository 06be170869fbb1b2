package web

import (
	"io"
	"net/http"
	"strconv"

	"linevault/daemon/control"
)

type discloseBody struct {
	form
	ID, Call   string
	Recipients []control.Recipient
	Asked      *requestView // what was asked for already
	Mine       bool
}

func (s *server) discloseForm(w http.ResponseWriter, r *http.Request) { s.showDisclose(w, r, form{}) }

func (s *server) showDisclose(w http.ResponseWriter, r *http.Request, f form) {
	id := r.PathValue("id")
	c, err := s.Desk.Call(actor(r), id)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	asked, err := s.Desk.Disclosing(actor(r), id)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	body := discloseBody{form: f, ID: id, Call: s.callName(c), Recipients: control.Recipients}
	if asked != nil {
		v := s.requestView(control.Waiting{Request: *asked})
		body.Asked, body.Mine = &v, asked.By == actor(r).Name
	}
	s.showForm(w, r, "disclose", "Disclose a call", f.Errors, body)
}

func (s *server) disclose(w http.ResponseWriter, r *http.Request) {
	f, id := formOf(r), r.PathValue("id")
	var pack *control.Pack
	var err error
	if f.Value("do") == "download" {
		pack, err = s.Desk.DiscloseApproved(actor(r), id)
	} else {
		pack, err = s.Desk.Disclose(actor(r), id, control.Disclosure{
			Kind: f.Value("kind"), To: f.Value("to"), Basis: f.Value("basis"), Purpose: f.Value("purpose"), Reference: f.Value("reference"),
		})
	}
	switch {
	case err == nil && pack == nil:
		seeOther(w, r, "/calls/"+id+"/disclose")
	case err == nil:
		s.sendPack(w, pack)
	case f.took(err):
		s.showDisclose(w, r, f)
	default:
		s.refuse(w, r, err)
	}
}

func (s *server) sendPack(w http.ResponseWriter, p *control.Pack) {
	defer p.Close()
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", `attachment; filename="`+p.Name+`"`)
	w.Header().Set("Content-Length", strconv.FormatInt(p.Size, 10))
	if _, err := io.Copy(w, p); err != nil {
		s.Log.Debug("the reader of a pack has gone", "err", err)
	}
}
