package api

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"
)

func (a *API) openapi(w http.ResponseWriter, _ *http.Request) {
	send(w, http.StatusOK, "application/json", a.document)
}

// object is a JSON object; its keys are written in order.
type object map[string]any

// document is the interface as OpenAPI 3.1 has it, made of the routes and their types.
func document() []byte {
	s := schemas{}
	paths := object{}
	for _, r := range Routes() {
		method, path, _ := strings.Cut(r.Pattern, " ")
		p, _ := paths[path].(object)
		if p == nil {
			p = object{}
			paths[path] = p
		}
		p[strings.ToLower(method)] = s.operation(r, path)
	}
	s.add(reflect.TypeFor[Statement]())
	b, err := json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info": object{
			"title": "Linevault pause", "version": "1",
			"description": "Payment terminals, IVRs and CRMs pause the recording of calls. A pause has happened when it is answered 200, and not before; after any other answer, or none, take the line as being recorded.",
		},
		"servers":    []object{{"url": "https://localhost:8444", "description": "the box, at its api.listen"}},
		"paths":      paths,
		"components": object{"schemas": s, "securitySchemes": object{"token": object{"type": "http", "scheme": "bearer"}, "certificate": object{"type": "mutualTLS"}}},
		"security":   []object{{"token": []string{}}, {"certificate": []string{}}},
	}, "", "  ")
	if err != nil {
		panic("api: the document cannot be encoded: " + err.Error())
	}
	return b
}

// says is what each status means.
var says = map[int]string{
	http.StatusOK:                  "done; what it says is so",
	http.StatusUnauthorized:        "the terminal is not known, or its token expired",
	http.StatusForbidden:           "not for this terminal, or not from this address",
	http.StatusNotFound:            "there is no such line, or no such call goes on",
	http.StatusConflict:            "nothing is being recorded, the call is over, several calls fit, or a repeated request is out of date",
	http.StatusUnprocessableEntity: "the request is not as it should be",
	http.StatusTooManyRequests:     "too many requests: wait as Retry-After says",
	http.StatusServiceUnavailable:  "not confirmed: take the line as being recorded, and ask again",
}

func (s schemas) operation(r Route, path string) object {
	answers := object{"200": object{"description": says[http.StatusOK], "content": content("application/json", s.of(r.answer))}}
	refuses := r.refuses
	if r.public == nil {
		refuses = append([]int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests}, refuses...)
	}
	for _, status := range refuses {
		answers[strconv.Itoa(status)] = object{
			"description": says[status],
			"content":     content("application/problem+json", s.of(reflect.TypeFor[Problem]())),
		}
	}
	o := object{"summary": r.Does, "operationId": operationID(r.Pattern), "responses": answers}
	if r.public != nil {
		o["security"] = []object{}
	}
	if p := parameters(r, path); len(p) > 0 {
		o["parameters"] = p
	}
	if r.body != nil {
		o["requestBody"] = object{"content": content("application/json", s.of(r.body))}
	}
	return o
}

func content(kind string, schema object) object { return object{kind: object{"schema": schema}} }

func parameters(r Route, path string) []object {
	var all []object
	put := func(in, name, text string, required bool) {
		all = append(all, object{
			"in": in, "name": name, "description": text, "required": required, "schema": object{"type": "string"},
		})
	}
	for part := range strings.SplitSeq(path, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			put("path", strings.TrimSuffix(name, "}"), "its ID", true)
		}
	}
	for _, q := range r.query {
		put("query", q.name, q.says, q.name == "live")
	}
	if r.keyed {
		put("header", "Idempotency-Key", "a request that is repeated under its key is not done again", false)
	}
	return all
}

// operationID is such as "put_lines_line_pause".
func operationID(pattern string) string {
	return strings.Trim(strings.NewReplacer(" /v1/", "_", "/", "_", "{", "", "}", "", ".", "_").Replace(strings.ToLower(pattern)), "_")
}

// schemas are those of the Go types that routes take and give, by name.
type schemas object

// of refers to the schema of t.
func (s schemas) of(t reflect.Type) object {
	if t == nil {
		return object{"type": "object"}
	}
	s.add(t)
	return object{"$ref": "#/components/schemas/" + t.Name()}
}

func (s schemas) add(t reflect.Type) {
	if _, done := s[t.Name()]; done {
		return
	}
	properties, required := object{}, []string{}
	s[t.Name()] = nil // a type may hold itself
	for f := range t.Fields() {
		key, more, _ := strings.Cut(f.Tag.Get("json"), ",")
		p := s.property(f.Type)
		if text := f.Tag.Get("doc"); text != "" {
			p["description"] = text
		}
		properties[key] = p
		if more == "" {
			required = append(required, key)
		}
	}
	o := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		o["required"] = required
	}
	s[t.Name()] = o
}

func (s schemas) property(t reflect.Type) object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t.Kind() == reflect.Pointer:
		return s.property(t.Elem())
	case t.Kind() == reflect.Slice:
		return object{"type": "array", "items": s.property(t.Elem())}
	case t.Kind() == reflect.Struct:
		return s.of(t)
	case t.Kind() == reflect.String:
		return object{"type": "string"}
	case t.Kind() == reflect.Bool:
		return object{"type": "boolean"}
	case t.Kind() == reflect.Float64:
		return object{"type": "number"}
	}
	return object{"type": "integer"}
}
