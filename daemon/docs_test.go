package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// tree is the root of the repository, from the folder that tests of this package run in.
const tree = ".."

// made are paths that documents may name although a fresh clone does not have them.
var made = []string{"daemon/web/dist", "daemon/web/assets/node_modules"}

// text is something that people read: a document, or the comments of a Go file.
type text struct {
	file string // within the tree
	body string
}

// read walks the tree, what is generated or not ours left out.
func read(t *testing.T) (documents, comments []text, files map[string]*ast.File) {
	t.Helper()
	files = map[string]*ast.File{}
	err := filepath.WalkDir(tree, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != tree && (name[0] == '.' || slices.Contains([]string{"node_modules", "dist", "build", "testdata"}, name)) {
				return filepath.SkipDir
			}
			return nil
		}
		file, err := filepath.Rel(tree, path)
		if err != nil {
			return err
		}
		switch filepath.Ext(name) {
		case ".md":
			b, err := os.ReadFile(path)
			documents = append(documents, text{file, string(b)})
			return err
		case ".go":
			f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
			if err != nil {
				return err
			}
			files[file] = f
			var b strings.Builder
			for _, c := range f.Comments {
				b.WriteString(c.Text() + "\n")
			}
			comments = append(comments, text{file, b.String()})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return documents, comments, files
}

// TestDocsPackageComments: every package says what it is, once.
func TestDocsPackageComments(t *testing.T) {
	_, _, files := read(t)
	where := map[string][]string{}
	for name, f := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		dir := filepath.Dir(name)
		where[dir] = append(where[dir], nil...)
		if f.Doc != nil {
			where[dir] = append(where[dir], name)
		}
	}
	for dir, with := range where {
		if len(with) != 1 {
			t.Errorf("%s: a package has one package comment; this has %d %v", dir, len(with), with)
		}
	}
}

var (
	linkForm = regexp.MustCompile(`\]\(([^)\s#]+)[^)]*\)`)
	pathForm = regexp.MustCompile("(?m)(?:^|[\\s(\"'`])((?:codec|hal|storage|provisioning|daemon|buildroot|\\.ci)/[\\w./*-]*)")
	mdForm   = regexp.MustCompile("(?m)(?:^|[\\s(\"'`])([\\w./-]+\\.md)\\b")
	lineForm = regexp.MustCompile(`[\w/]+\.go:\d+`)
)

// TestDocsPaths: every link and every path that a document or a comment names is there.
func TestDocsPaths(t *testing.T) {
	documents, comments, _ := read(t)
	for _, d := range slices.Concat(documents, comments) {
		for _, path := range named(d) {
			if !there(d.file, path) {
				t.Errorf("%s names %s, which is not there", d.file, path)
			}
		}
	}
}

func named(d text) []string {
	var paths []string
	forms := []*regexp.Regexp{pathForm, mdForm}
	if strings.HasSuffix(d.file, ".md") {
		forms = append(forms, linkForm)
	}
	for _, form := range forms {
		for _, m := range form.FindAllStringSubmatch(d.body, -1) {
			path := strings.TrimRight(strings.TrimSuffix(m[1], "..."), ".")
			if !strings.Contains(path, "://") {
				paths = append(paths, path)
			}
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// there reports whether path exists, seen from beside file or from a folder above it. A path
// may go on with an exported name, as codec/pcm.Pos does, and may be a pattern.
func there(file, path string) bool {
	if slices.ContainsFunc(made, func(m string) bool { return under(strings.TrimSuffix(path, "/"), m) }) {
		return true
	}
	for dir := filepath.Dir(file); ; dir = filepath.Dir(dir) {
		if found, err := filepath.Glob(filepath.Join(tree, dir, path)); err == nil && len(found) > 0 {
			return true
		}
		if dir == "." {
			break
		}
	}
	i := strings.LastIndexByte(path, '.')
	if i < 0 || i+1 == len(path) || path[i+1] < 'A' || path[i+1] > 'Z' {
		return false
	}
	return there(file, path[:i])
}

// TestDocsNoLineNumbers: a document that points at a line is wrong by the next change.
func TestDocsNoLineNumbers(t *testing.T) {
	documents, comments, _ := read(t)
	for _, d := range slices.Concat(documents, comments) {
		for _, m := range lineForm.FindAllString(d.body, -1) {
			t.Errorf("%s points at a line: %s", d.file, m)
		}
	}
}

// TestDocsThere: the folders' documents have the sections that a reader looks for.
func TestDocsThere(t *testing.T) {
	sections := []string{
		"Status", "Purpose", "Goals", "Non-goals", "How it works", "Invariants", "Failure policy", "Alternatives considered",
	}
	for _, folder := range []string{"buildroot", "codec", "daemon", "hal", "provisioning", "storage"} {
		b, err := os.ReadFile(filepath.Join(tree, folder, "DESIGN.md"))
		if err != nil {
			t.Error(err)
			continue
		}
		for _, s := range sections {
			if !regexp.MustCompile(`(?m)^## ` + s + `$`).Match(b) {
				t.Errorf("%s/DESIGN.md has no section %q", folder, s)
			}
		}
	}
}

// TestDocsRefuse shows that the forms above find what they are for.
func TestDocsRefuse(t *testing.T) {
	d := text{"codec/DESIGN.md", "See `codec/nowhere/x.go`, [this](gone.md), GONE.md and storage/none.Type.\n"}
	var missing []string
	for _, path := range named(d) {
		if !there(d.file, path) {
			missing = append(missing, path)
		}
	}
	want := []string{"GONE.md", "codec/nowhere/x.go", "gone.md", "storage/none.Type"}
	if !slices.Equal(missing, want) {
		t.Errorf("found %q missing, want %q", missing, want)
	}
	for _, path := range []string{"codec/pcm.Pos", "daemon/*_test.go", "daemon/web/dist/app.js", "hal/"} {
		if !there("README.md", path) {
			t.Errorf("%s is not found", path)
		}
	}
	if !lineForm.MatchString("see db.go:670 for it") {
		t.Error("line references are not found")
	}
}
