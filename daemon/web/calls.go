package web

import (
	"net/http"
	"slices"
	"strconv"

	"linevault/daemon/control"
)

type callsBody struct {
	filter
	Errors         problems
	Lines          []lineChoice
	Example        string
	Filtered       bool
	Unlisted       bool // the list is not whole
	Count          string
	Calls          []callView
	First, Older   string // addresses; empty where there is no such page
	HoldAll        string // the address that puts all of them under legal hold
	Newest, Stream string // only on the newest page: it watches for new calls
}

type lineChoice struct {
	ID, Name string
	Chosen   bool
}

type callView struct {
	ID, Started, Line, Department string
	Other, Direction, Length      string
	Tags                          []tag
}

func (s *server) calls(w http.ResponseWriter, r *http.Request) {
	shown := s.Now()
	f, wrong := s.parseFilter(r.URL.Query())
	body := callsBody{filter: f, Errors: wrong, Example: s.exampleDay(), Filtered: len(f.values()) > 0, Unlisted: s.Desk.Unlisted()}
	body.Lines = s.lineChoices(r, f.Line)
	if wrong != nil {
		body.Count = "No calls found"
		s.show(w, r, http.StatusUnprocessableEntity, "calls", "Calls", body, wrong)
		return
	}
	page, err := s.Desk.Calls(actor(r), f.query())
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	body.Count = plural(page.Total, "call") + ", newest first"
	if page.Total < 2 {
		body.Count = plural(page.Total, "call")
	}
	for _, c := range page.Calls {
		body.Calls = append(body.Calls, callView{
			ID: c.ID, Started: c.Start.In(s.Zone).Format("2 Jan 2006, 15:04"), Line: c.LineName, Department: c.Department,
			Other: otherParty(c), Direction: direction(c.Direction), Length: clock(c.Length), Tags: callTags(c),
		})
	}
	if page.Total > 0 && body.Filtered && actor(r).May(control.PlaceHold) {
		body.HoldAll = f.address("/holds/new", "", "")
	}
	if page.Next != "" {
		body.Older = f.address("/calls", "before", page.Next)
	}
	if f.before != "" {
		body.First = f.address("/calls", "", "")
	} else {
		body.Newest = f.address("/calls", "", "")
		stream := f.values()
		stream.Set("of", "calls")
		stream.Set("since", strconv.FormatInt(shown.UnixMilli(), 10))
		body.Stream = "/events?" + stream.Encode()
	}
	s.show(w, r, http.StatusOK, "calls", "Calls", body, nil)
}

// lineChoices are the lines there are now, and the chosen one if it is there no more.
func (s *server) lineChoices(r *http.Request, chosen string) (choices []lineChoice) {
	board, err := s.Desk.Lines(r.Context(), actor(r))
	if err != nil {
		s.Log.Warn("the calls page could not ask the recorder for its lines", "err", err)
	}
	for _, l := range board.Lines {
		choices = append(choices, lineChoice{ID: l.ID, Name: l.Name, Chosen: l.ID == chosen})
	}
	known := slices.ContainsFunc(board.Lines, func(l control.Line) bool { return l.ID == chosen })
	if chosen != "" && !known {
		choices = append(choices, lineChoice{ID: chosen, Name: chosen, Chosen: true})
	}
	return choices
}
