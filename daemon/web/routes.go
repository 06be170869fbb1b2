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
	{Route{"GET", "/lines/pauses", false, control.SeePauses, "how pauses were asked for, by line and by who asked"}, (*server).pauseReport},
	{Route{"GET", "/lines/pauses/evidence", false, control.SeePauses, "the same as a sheet for an assessor, to print"}, (*server).pauseEvidence},
	{Route{"GET", "/lines/{line}/pause", false, control.Pause, "a line, and the forms to pause and resume it by hand"}, (*server).pauseForm},
	{Route{"POST", "/lines/{line}/pause", false, control.Pause, "pauses it, for a reason"}, (*server).pauseLine},
	{Route{"POST", "/lines/{line}/resume", false, control.Pause, "ends the account's own pause"}, (*server).resumeLine},
	{Route{"GET", "/lines/{line}/test", false, control.TestLines, "the test of a line: how it stands, or begins"}, (*server).lineTest},
	{Route{"POST", "/lines/{line}/test", false, control.TestLines, "begins a test, or does something with its step"}, (*server).actLineTest},
	{Route{"GET", "/lines/{line}/tests/{certificate}", false, control.TestLines, "the certificate of a test, to print"}, (*server).lineCertificate},
	{Route{"GET", "/lines/{line}/tests/{certificate}/text", false, control.TestLines, "the same as a text file, with its signature"}, (*server).lineCertificateText},
	{Route{"GET", "/events", false, "", "server-sent events: `of=lines`, `of=calls`, or `of=linetest`"}, (*server).events},
	{Route{"GET", "/calls", false, control.SeeCalls, "the calls, newest first"}, (*server).calls},
	{Route{"GET", "/calls/{id}", false, control.SeeCalls, "one call"}, (*server).call},
	{Route{"POST", "/calls/{id}/listen", false, control.Listen, "states the purpose, and permits listening"}, (*server).listen},
	{Route{"POST", "/calls/{id}/annotate", false, control.Annotate, "adds a note, a flag, a rating or labels"}, (*server).annotate},
	{Route{"GET", "/calls/{id}/peaks", false, control.Listen, "what the waveform is drawn from, JSON"}, (*server).peaks},
	{Route{"GET", "/calls/{id}/audio.ogg", false, control.Listen, "the sound, Ogg Opus, by range"}, (*server).audioOgg},
	{Route{"GET", "/calls/{id}/audio.wav", false, control.Listen, "the sound, WAV, by range"}, (*server).audioWAV},
	{Route{"POST", "/calls/{id}/download", false, control.Export, "the sound as a file to keep"}, (*server).download},
	{Route{"GET", "/calls/{id}/hold", false, control.PlaceHold, "asks why and how long to keep a call; shows its legal hold"}, (*server).holdForm},
	{Route{"POST", "/calls/{id}/hold", false, control.PlaceHold, "places, reviews or asks to release a legal hold"}, (*server).hold},
	{Route{"GET", "/calls/{id}/purge", false, control.Purge, "asks which part of a call to destroy; `from` and `to` in seconds fill it in"}, (*server).purgeForm},
	{Route{"POST", "/calls/{id}/purge", false, control.Purge, "destroys a part of a call"}, (*server).purge},
	{Route{"GET", "/calls/{id}/release", false, control.ReleaseQuarantine, "asks why a part in quarantine is no card data; `from` and `to` in seconds"}, (*server).releaseForm},
	{Route{"POST", "/calls/{id}/release", false, control.ReleaseQuarantine, "releases it: from then on it plays"}, (*server).release},
	{Route{"GET", "/calls/{id}/erase", false, control.AskErasure, "asks on what ground to destroy a call before its time"}, (*server).eraseForm},
	{Route{"POST", "/calls/{id}/erase", false, control.AskErasure, "asks another person to approve that"}, (*server).erase},
	{Route{"GET", "/calls/{id}/disclose", false, control.Disclose, "asks who gets a call and why"}, (*server).discloseForm},
	{Route{"POST", "/calls/{id}/disclose", false, control.Disclose, "gives the disclosure pack, or asks another person to approve it"}, (*server).disclose},
	{Route{"GET", "/holds", false, control.SeeHolds, "the legal holds"}, (*server).holds},
	{Route{"GET", "/holds/new", false, control.PlaceHold, "asks why and how long to keep all calls of a search"}, (*server).holdAllForm},
	{Route{"POST", "/holds/new", false, control.PlaceHold, "places legal holds on them"}, (*server).holdAll},
	{Route{"GET", "/requests", false, control.SeeApprovals, "what waits for another person's approval"}, (*server).requests},
	{Route{"GET", "/requests/{id}", false, control.SeeApprovals, "one request"}, (*server).requestPage},
	{Route{"POST", "/requests/{id}/approve", false, control.SeeApprovals, "approves a request, and does what it asks for"}, (*server).approve},
	{Route{"POST", "/requests/{id}/refuse", false, control.SeeApprovals, "refuses or withdraws a request"}, (*server).refuseRequest},
	{Route{"GET", "/retention", false, control.SeeRetention, "how long calls are kept, and what goes when"}, (*server).retention},
	{Route{"POST", "/retention", false, control.ApproveRetention, "asks another person to approve what is held back"}, (*server).askRetention},
	{Route{"GET", "/certificates", false, control.SeeCertificates, "what was destroyed"}, (*server).certificates},
	{Route{"GET", "/certificates/{id}", false, control.SeeCertificates, "one certificate of destruction"}, (*server).certificate},
	{Route{"GET", "/certificates/{id}/file", false, control.SeeCertificates, "the certificate as it was signed"}, (*server).certificateFile},
	{Route{"GET", "/ledger", false, control.SeeLedger, "a day of the ledger, for paper"}, (*server).ledgerReport},
	{Route{"GET", "/accounts", false, control.LookAfterAccounts, "who may sign in"}, (*server).accounts},
	{Route{"GET", "/accounts/new", false, control.LookAfterAccounts, "asks for a name and roles"}, (*server).newAccountForm},
	{Route{"POST", "/accounts/new", false, control.LookAfterAccounts, "makes an account, and shows its code once"}, (*server).addAccount},
	{Route{"GET", "/accounts/{name}", false, control.LookAfterAccounts, "one account"}, (*server).person},
	{Route{"POST", "/accounts/{name}", false, control.LookAfterAccounts, "changes roles, resets a password, disables or enables"}, (*server).changeAccount},
	{Route{"GET", "/welcome", true, "", "asks for a code and a new password"}, (*server).welcomeForm},
	{Route{"POST", "/welcome", true, "", "sets the password for who has the code"}, (*server).welcome},
	{Route{"GET", "/password", false, "", "asks for one's own password, and another"}, (*server).passwordForm},
	{Route{"POST", "/password", false, "", "changes one's own password"}, (*server).changePassword},
	{Route{"GET", "/terminals", false, control.SeeStatus, "what may pause lines by the API, and when it last did"}, (*server).terminals},
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
