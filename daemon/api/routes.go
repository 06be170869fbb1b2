package api

import (
	"net/http"
	"reflect"

	"linevault/daemon/link"
)

// Route is one thing that the API does.
type Route struct {
	Pattern string
	Does    string
	query   []parameter
	body    reflect.Type // nil where there is none
	answer  reflect.Type // of 200
	refuses []int        // statuses besides those that every route has
	keyed   bool         // it takes an Idempotency-Key
	public  http.HandlerFunc
	does    func(*asked)
}

// parameter is one of a query.
type parameter struct{ name, says string }

var (
	finds = []parameter{
		{"line", "the line's ID"},
		{"extension", "an extension that the line serves, or its own number"},
		{"number", "the other party's number"},
	}
	pauseRefuses  = []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable}
	resumeRefuses = []int{http.StatusForbidden, http.StatusNotFound, http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable}
)

// Routes lists what the API does, as the documents do.
func Routes() []Route { return (*API)(nil).routes() }

func (a *API) routes() []Route {
	line, calls, request := reflect.TypeFor[Line](), reflect.TypeFor[Calls](), reflect.TypeFor[Request]()
	put := Route{body: request, answer: line, refuses: pauseRefuses, keyed: true}
	of := func(r Route, pattern, does string, f func(*asked), query ...parameter) Route {
		r.Pattern, r.Does, r.does, r.query = pattern, does, f, query
		return r
	}
	end := Route{answer: line, refuses: resumeRefuses, keyed: true}
	return []Route{
		of(Route{answer: line, refuses: []int{http.StatusForbidden, http.StatusNotFound}}, "GET /v1/lines/{line}", "state of a line, and of its call", a.state),
		of(put, "PUT /v1/lines/{line}/pause", "pauses a line", a.pauseLine),
		of(put, "POST /v1/lines/{line}/pause", "as PUT", a.pauseLine),
		of(end, "DELETE /v1/lines/{line}/pause", "resumes a line", a.resumeLine),
		of(Route{body: reflect.TypeFor[Transaction](), answer: line, refuses: pauseRefuses, keyed: true}, "PUT /v1/lines/{line}/transaction", "tells of a payment, which should be paused", a.transaction),
		of(Route{body: reflect.TypeFor[Transaction](), answer: line, refuses: pauseRefuses, keyed: true}, "POST /v1/lines/{line}/transaction", "as PUT", a.transaction),
		of(Route{answer: calls, refuses: []int{http.StatusUnprocessableEntity}}, "GET /v1/calls", "finds calls that go on now, on the terminal's lines", a.calls,
			append([]parameter{{"live", `"true": the API knows no others`}}, finds...)...),
		of(put, "PUT /v1/calls/{call}/pause", `pauses a call; "current" is the only one that goes on`, a.pauseCall, finds...),
		of(put, "POST /v1/calls/{call}/pause", "as PUT", a.pauseCall, finds...),
		of(end, "DELETE /v1/calls/{call}/pause", "resumes a call", a.resumeCall, finds...),
		of(Route{answer: reflect.TypeFor[link.Terminal]()}, "GET /v1/terminal", "what the box knows of this terminal", a.self),
		of(Route{answer: reflect.TypeFor[link.Terminal]()}, "PUT /v1/heartbeat", "says that the terminal lives; any other request does, too", a.self),
		{Pattern: "GET /v1/key", Does: "the public key that receipts are signed with", answer: reflect.TypeFor[PublicKey](), public: a.key},
		{Pattern: "GET /v1/openapi.json", Does: "this interface as an OpenAPI 3.1 document", public: a.openapi},
	}
}
