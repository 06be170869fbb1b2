package api

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// described is the served document, as far as it is compared.
type described struct {
	OpenAPI string `json:"openapi"`
	Paths   map[string]map[string]struct {
		OperationID string                      `json:"operationId"`
		Parameters  []struct{ In, Name string } `json:"parameters"`
		RequestBody *struct {
			Content map[string]struct{ Schema schema }
		} `json:"requestBody"`
		Responses map[string]struct {
			Content map[string]struct{ Schema schema }
		} `json:"responses"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

type schema struct {
	Ref        string            `json:"$ref"`
	Type       string            `json:"type"`
	Format     string            `json:"format"`
	Properties map[string]schema `json:"properties"`
	Required   []string          `json:"required"`
	Items      *schema           `json:"items"`
}

// check says where v, decoded JSON, is not as s has it.
func (d *described) check(s schema, v any, at string) error {
	if name, ok := strings.CutPrefix(s.Ref, "#/components/schemas/"); ok {
		var known bool
		if s, known = d.Components.Schemas[name]; !known {
			return fmt.Errorf("%s: there is no schema %s", at, name)
		}
	}
	var ok bool
	switch s.Type {
	case "object":
		var m map[string]any
		if m, ok = v.(map[string]any); !ok {
			break
		}
		for _, k := range s.Required {
			if _, there := m[k]; !there {
				return fmt.Errorf("%s: %s is missing", at, k)
			}
		}
		for k, inner := range m {
			p, there := s.Properties[k]
			if !there && s.Properties != nil {
				return fmt.Errorf("%s.%s is not in the document", at, k)
			}
			if there {
				if err := d.check(p, inner, at+"."+k); err != nil {
					return err
				}
			}
		}
	case "array":
		var l []any
		l, ok = v.([]any)
		for i, inner := range l {
			if err := d.check(*s.Items, inner, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	case "string":
		var text string
		text, ok = v.(string)
		if s.Format == "date-time" {
			_, err := time.Parse(time.RFC3339Nano, text)
			ok = ok && err == nil
		}
	case "integer", "number":
		var n float64
		n, ok = v.(float64)
		ok = ok && (s.Type == "number" || n == float64(int64(n)))
	case "boolean":
		_, ok = v.(bool)
	}
	if !ok {
		return fmt.Errorf("%s: %v is not %s %s", at, v, s.Type, s.Format)
	}
	return nil
}

// TestOpenAPI: the document that is served has every route, and every answer that a route
// gives is as the document has it.
func TestOpenAPI(t *testing.T) {
	b := newBox(t)
	var d described
	if err := json.Unmarshal(b.want(200, "GET", "/v1/openapi.json", "", "Authorization", "").raw, &d); err != nil {
		t.Fatal(err)
	}
	if d.OpenAPI != "3.1.0" {
		t.Errorf("openapi %q", d.OpenAPI)
	}
	var listed, ids []string
	for path, methods := range d.Paths {
		for method, o := range methods {
			listed = append(listed, strings.ToUpper(method)+" "+path)
			ids = append(ids, o.OperationID)
			for i, p := range o.Parameters {
				if p.In == "path" && !strings.Contains(path, "{"+p.Name+"}") || slices.Contains(o.Parameters[:i], p) {
					t.Errorf("%s %s has a parameter %v", method, path, p)
				}
			}
		}
	}
	var routes []string
	for _, r := range Routes() {
		routes = append(routes, r.Pattern)
	}
	slices.Sort(listed)
	slices.Sort(routes)
	if !slices.Equal(listed, routes) {
		t.Errorf("the document has %v, the code %v", listed, routes)
	}
	slices.Sort(ids)
	if len(slices.Compact(ids)) != len(routes) {
		t.Errorf("operation IDs are not unique: %v", ids)
	}
	body := `{"reason": "x", "max_seconds": 60, "terminal_ref": "1", "from": "1s ago", "arm": false}`
	called := map[string]bool{}
	for _, r := range []struct{ method, path, template, body string }{
		{"GET", "/v1/lines/parking", "/v1/lines/{line}", ""},
		{"GET", "/v1/lines/other", "/v1/lines/{line}", ""},
		{"GET", "/v1/lines/nobody", "/v1/lines/{line}", ""},
		{"PUT", "/v1/lines/parking/pause", "/v1/lines/{line}/pause", body},
		{"GET", "/v1/lines/parking", "/v1/lines/{line}", ""},
		{"POST", "/v1/lines/parking/pause", "/v1/lines/{line}/pause", body},
		{"PUT", "/v1/lines/quiet/pause", "/v1/lines/{line}/pause", body},
		{"PUT", "/v1/lines/quiet/pause", "/v1/lines/{line}/pause", "{"},
		{"DELETE", "/v1/lines/parking/pause", "/v1/lines/{line}/pause", ""},
		{"PUT", "/v1/lines/parking/transaction", "/v1/lines/{line}/transaction", `{"state": "started"}`},
		{"POST", "/v1/lines/parking/transaction", "/v1/lines/{line}/transaction", `{"state": "ended"}`},
		{"GET", "/v1/calls?live=true", "/v1/calls", ""},
		{"GET", "/v1/calls", "/v1/calls", ""},
		{"PUT", "/v1/calls/current/pause?line=parking", "/v1/calls/{call}/pause", body[:len(body)-1] + "}"},
		{"POST", "/v1/calls/current/pause?line=parking", "/v1/calls/{call}/pause", ""},
		{"DELETE", "/v1/calls/current/pause?line=parking", "/v1/calls/{call}/pause", ""},
		{"DELETE", "/v1/calls/none/pause", "/v1/calls/{call}/pause", ""},
		{"GET", "/v1/terminal", "/v1/terminal", ""},
		{"PUT", "/v1/heartbeat", "/v1/heartbeat", ""},
		{"GET", "/v1/key", "/v1/key", ""},
		{"GET", "/v1/openapi.json", "/v1/openapi.json", ""},
	} {
		called[r.method+" "+r.template] = true
		k := b.ask(r.method, r.path, r.body)
		o := d.Paths[r.template][strings.ToLower(r.method)]
		response, ok := o.Responses[fmt.Sprint(k.status)]
		if !ok {
			t.Errorf("%s %s answers %d, which the document does not have", r.method, r.path, k.status)
			continue
		}
		c, ok := response.Content[k.header.Get("Content-Type")]
		if !ok {
			t.Errorf("%s %s answers with %s", r.method, r.path, k.header.Get("Content-Type"))
		}
		var v any
		if err := json.Unmarshal(k.raw, &v); err != nil {
			t.Fatal(err)
		}
		if err := d.check(c.Schema, v, r.method+" "+r.path); err != nil {
			t.Error(err)
		}
		if r.body == body {
			_ = json.Unmarshal([]byte(body), &v) // it is a constant
			if err := d.check(o.RequestBody.Content["application/json"].Schema, v, "the body"); err != nil {
				t.Error(err)
			}
		}
	}
	for _, r := range routes {
		if !called[r] {
			t.Errorf("no answer of %s is compared", r)
		}
	}
	// What the body may have is what the code takes: one more is refused.
	request := d.Components.Schemas["Request"]
	if len(request.Properties) != 5 {
		t.Errorf("the body has %v", request.Properties)
	}
}
