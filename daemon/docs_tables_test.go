package main

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"linevault/daemon/api"
	"linevault/daemon/config"
	"linevault/daemon/web"
)

// TestDocsTables: what the code has and what the documents list are the same, both ways.
func TestDocsTables(t *testing.T) {
	for _, table := range []struct {
		document, heading string
		code              []string
	}{
		{"daemon/DESIGN.md", "Configuration keys", configKeys(reflect.TypeFor[config.Config](), "")},
		{"daemon/DESIGN.md", "Addresses of the web server", webRoutes()},
		{"daemon/DESIGN.md", "Addresses of the pause API", apiRoutes()},
		{"daemon/DESIGN.md", "Exit codes", exitCodes(t)},
		{"README.md", "Verbs", verbs(root(), "")},
	} {
		t.Run(table.heading, func(t *testing.T) {
			listed := firstColumn(t, table.document, table.heading)
			for _, c := range table.code {
				if !slices.Contains(listed, c) {
					t.Errorf("%s is in the code, and not in the table %q of %s", c, table.heading, table.document)
				}
			}
			for i, l := range listed {
				if !slices.Contains(table.code, l) {
					t.Errorf("%s is in the table %q of %s, and not in the code", l, table.heading, table.document)
				}
				if slices.Contains(listed[:i], l) {
					t.Errorf("%s is twice in the table %q of %s", l, table.heading, table.document)
				}
			}
		})
	}
}

var cellForm = regexp.MustCompile("^\\| *`([^`]+)`")

// firstColumn is what stands as code in the first column of the tables under a heading.
func firstColumn(t *testing.T, document, heading string) []string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(tree, document))
	if err != nil {
		t.Fatal(err)
	}
	var cells []string
	inside := false
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, "#") {
			inside = strings.TrimSpace(strings.TrimLeft(line, "#")) == heading
		}
		if m := cellForm.FindStringSubmatch(line); inside && m != nil {
			cells = append(cells, m[1])
		}
	}
	if len(cells) == 0 {
		t.Fatalf("%s has no table under %q", document, heading)
	}
	return cells
}

// configKeys are the keys of a configuration file, as table.key.
func configKeys(t reflect.Type, prefix string) []string {
	var keys []string
	for f := range t.Fields() {
		key, _, _ := strings.Cut(f.Tag.Get("toml"), ",")
		inner := f.Type
		for inner.Kind() == reflect.Slice || inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct {
			keys = append(keys, configKeys(inner, prefix+key+".")...)
			continue
		}
		keys = append(keys, prefix+key)
	}
	return keys
}

func webRoutes() []string {
	var routes []string
	for _, r := range web.Routes() {
		routes = append(routes, r.Method+" "+r.Path)
	}
	return routes
}

func apiRoutes() []string {
	var routes []string
	for _, r := range api.Routes() {
		routes = append(routes, r.Pattern)
	}
	return routes
}

// verbs are those that `linevault help` shows, a verb's own verbs in place of it.
func verbs(of *cobra.Command, prefix string) []string {
	var names []string
	for _, c := range of.Commands() {
		switch {
		case c.Hidden || c.Name() == "help":
		case c.HasSubCommands():
			names = append(names, verbs(c, prefix+c.Name()+" ")...)
		default:
			names = append(names, prefix+c.Name())
		}
	}
	return names
}

// exitCodes are the values of the constants named exitSomething.
func exitCodes(t *testing.T) []string {
	_, _, files := read(t)
	var codes []string
	for name, f := range files {
		if filepath.Dir(name) != "daemon" {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok || len(v.Values) != 1 || !regexp.MustCompile(`^exit[A-Z]`).MatchString(v.Names[0].Name) {
				return true
			}
			if l, ok := v.Values[0].(*ast.BasicLit); ok && l.Kind == token.INT {
				codes = append(codes, l.Value)
			}
			return true
		})
	}
	return codes
}
