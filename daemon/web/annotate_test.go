package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"linevault/daemon/auth"
)

// The forms of a call's page, what comes of them, and the list that finds it.
func TestAnnotateForms(t *testing.T) {
	s := open(t)
	c := s.client(t, "asha", auth.Supervisor)
	path := "/calls/" + s.call
	for _, form := range []url.Values{
		{"kind": {"note"}, "text": {"<b>asked</b> about bins"}},
		{"kind": {"flag"}, "text": {"follow up"}},
		{"kind": {"rating"}, "stars": {"4"}},
		{"agent": {"Priya"}, "was-agent": {""}, "extension": {""}, "was-extension": {""}, "purpose": {"payment"}},
	} {
		if a, body := s.post(t, c, path+"/annotate", form); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != path+"#notes" {
			t.Fatalf("%v: %s\n%s", form, a.Status, body)
		}
	}
	_, body := s.get(t, c, path)
	for _, want := range []string{"&lt;b&gt;asked&lt;/b&gt; about bins", "follow up", "4 of 5, by asha", "Priya", "payment"} {
		if !strings.Contains(body, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for query, want := range map[string]bool{
		"note=bins": true, "note=binx": false, "flag=any": true, "flag=Follow+up": true, "rated=4%2B": true, "rated=-2": false, "agent=priya": true,
		"about=payment": true, "kind=chat": false, "held=yes": false, "result=recorded&longer=0:01&shorter=0:02": true, "longer=1": false,
		"note=bins&flag=any&rated=4%2B&agent=priya&kind=call&result=recorded": true,
	} {
		if _, body := s.get(t, c, "/calls?"+query); strings.Contains(body, path) != want {
			t.Errorf("%s: the call is listed: %v", query, !want)
		}
	}
	for field, form := range map[string]url.Values{
		"note": {"kind": {"note"}, "text": {" "}}, "flag": {"kind": {"flag"}, "text": {strings.Repeat("x", 61)}}, "stars": {"kind": {"rating"}, "stars": {""}},
		"agent": {"agent": {strings.Repeat("x", 61)}, "was-agent": {"Priya"}},
	} {
		if a, body := s.post(t, c, path+"/annotate", form); a.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, `href="#`+field+`"`) {
			t.Errorf("%s: %s\n%s", field, a.Status, body)
		}
	}
	if a, _ := s.post(t, c, path+"/annotate", url.Values{"kind": {"flag cleared"}, "text": {"follow up"}}); a.StatusCode != http.StatusSeeOther {
		t.Errorf("clear a flag: %s", a.Status)
	}
	if _, body := s.get(t, c, "/calls?flag=any"); strings.Contains(body, path) {
		t.Error("the flag was not cleared")
	}
	if _, body := s.get(t, c, "/calls?longer=x&shorter=-1"); !strings.Contains(body, `href="#longer"`) || !strings.Contains(body, `href="#shorter"`) {
		t.Error("lengths that are none are not told")
	}
}
