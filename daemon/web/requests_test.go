package web

import (
	"net/http"
	"net/url"
	"testing"

	"linevault/daemon/auth"
	"linevault/daemon/control"
)

// TestApprovalOfDestructionIsConfirmed: whoever posts the approval, and with whatever fields,
// nothing is destroyed until the box is ticked.
func TestApprovalOfDestructionIsConfirmed(t *testing.T) {
	s := open(t)
	asha := control.Actor{Name: "Asha", Roles: []auth.Role{auth.Supervisor}}
	if err := s.Box.Desk.AskErasure(asha, s.call, control.Grounds[0].ID, "letter of 3 May"); err != nil {
		t.Fatal(err)
	}
	lena := s.client(t, "Lena", auth.Legal)
	all, err := s.Box.Desk.Requests(control.Actor{Name: "Lena", Roles: []auth.Role{auth.Legal}})
	if err != nil || len(all) != 1 {
		t.Fatalf("%+v, %v", all, err)
	}
	path := "/requests/" + all[0].ID + "/approve"
	if a, _ := s.post(t, lena, path, nil); a.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("without the box ticked: %s", a.Status)
	}
	if a, _ := s.get(t, lena, "/calls/"+s.call); a.StatusCode != http.StatusOK {
		t.Errorf("the call: %s", a.Status)
	}
	if a, _ := s.post(t, lena, path, url.Values{"confirm": {"yes"}}); a.StatusCode != http.StatusSeeOther {
		t.Errorf("with it: %s", a.Status)
	}
	if a, _ := s.get(t, lena, "/calls/"+s.call); a.StatusCode != http.StatusNotFound {
		t.Errorf("the call is there: %s", a.Status)
	}
}
