package api

import (
	"encoding/json"
	"net/http"
)

// answer sends v.
func (q *asked) answer(v any) { send(q.w, http.StatusOK, "application/json", encode(v)) }

func (q *asked) refuse(status int, detail string) { problem(q.w, status, detail) }

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("api: an answer cannot be encoded: " + err.Error())
	}
	return append(b, '\n')
}

func send(w http.ResponseWriter, status int, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write(body) // whoever asked has gone
}

// Problem is a refusal as RFC 9457 has it.
type Problem struct {
	Title  string `json:"title" doc:"the status in words"`
	Status int    `json:"status" doc:"the HTTP status"`
	Detail string `json:"detail" doc:"what is wrong, and what to do"`
}

func problem(w http.ResponseWriter, status int, detail string) {
	send(w, status, "application/problem+json", encode(Problem{Title: http.StatusText(status), Status: status, Detail: detail}))
}
