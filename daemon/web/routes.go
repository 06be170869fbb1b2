package web

import (
	"net/http"

	"linevault/daemon/control"
)

// Route is one address of the web server.
type Route struct {
	Method, Path string
	Public       bool               // needs no session
	Needs        control.Permission // empty: any session will do
	Does         string             // for the documentation
}

type routed struct {
	Route
	serve func(*server, http.ResponseWriter, *http.Request)
}

// routes is every address there is. What is not in it is not found; what is not Public needs
// a session.
var routes = []routed{
	{Route{"GET", "/{$}", true, "", "leads to set-up, sign-in or the calls"}, (*server).home},
	{Route{"GET", "/setup", true, "", "asks for the set-up code and the first account"}, (*server).setUpForm},
	{Route{"POST", "/setup", true, "", "makes the first account"}, (*server).setUp},
	{Route{"GET", "/sign-in", true, "", "asks for name and password"}, (*server).signInForm},
	{Route{"POST", "/sign-in", true, "", "begins a session"}, (*server).signIn},
	{Route{"POST", "/sign-out", true, "", "ends the session"}, (*server).signOut},
	{Route{"GET", "/accessibility", true, "", "the accessibility statement"}, (*server).accessibility},
	{Route{"GET", "/assets/{name}", true, "", "style sheet, script, icon and licences"}, (*server).asset},
	{Route{"GET", "/lines", false, control.SeeLines, "the lines and what they are doing"}, (*server).lines},
	{Route{"GET", "/lines/account", false, control.SeeAccount, "what became of a day's calls, line by line"}, (*server).account},
	{Route{"GET", "/events", false, "", "server-sent events: `of=lines`, or `of=calls`"}, (*server).events},
	{Route{"GET", "/calls", false, control.SeeCalls, "the calls, newest first"}, (*server).calls},
	{Route{"GET", "/calls/{id}", false, control.SeeCalls, "one call"}, (*server).call},
	{Route{"POST", "/calls/{id}/listen", false, control.Listen, "states the purpose, and permits listening"}, (*server).listen},
	{Route{"POST", "/calls/{id}/annotate", false, control.Annotate, "adds a note, a flag, a rating or labels"}, (*server).annotate},
	{Route{"GET", "/calls/{id}/peaks", false, control.Listen, "what the waveform is drawn from, JSON"}, (*server).peaks},
	{Route{"GET", "/calls/{id}/audio.ogg", false, control.Listen, "the sound, Ogg Opus, by range"}, (*server).audioOgg},
	{Route{"GET", "/calls/{id}/audio.wav", false, control.Listen, "the sound, WAV, by range"}, (*server).audioWAV},
	{Route{"POST", "/calls/{id}/download", false, control.Export, "the sound as a file to keep"}, (*server).download},
	{Route{"GET", "/status", false, control.SeeStatus, "storage, alarms and versions"}, (*server).status},
}

// Routes is every address of the web server, for the documentation and its test.
func Routes() []Route {
	all := make([]Route, 0, len(routes))
	for _, r := range routes {
		all = append(all, r.Route)
	}
	return all
}

func (s *server) mux() http.Handler {
	mux := http.NewServeMux()
	for _, r := range routes {
		mux.Handle(r.Method+" "+r.Path, s.guard(r))
	}
	mux.Handle("/", s.guard(routed{Route{Public: true}, (*server).notFound}))
	return mux
}
