package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"
)

func bytesReader(b []byte) io.Reader { return bytes.NewReader(b) }

// describe puts file, line and column before what the decoder found.
func describe(name string, err error) error {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		e := &strict.Errors[0]
		line, column := e.Position()
		return fmt.Errorf("%s:%d:%d: there is no setting %q", name, line, column, strings.Join(e.Key(), "."))
	}
	var de *toml.DecodeError
	if errors.As(err, &de) {
		line, column := de.Position()
		return fmt.Errorf("%s:%d:%d: %s", name, line, column, strings.TrimPrefix(de.Error(), "toml: "))
	}
	return fmt.Errorf("%s: %w", name, err)
}

// path names a value: "line", 2, "hold_back". A number counts the tables of a name, from 0.
type path struct {
	table string
	index int
	key   string
}

// locate finds a value's key in the file; where the value is not written there, its table;
// where that is not, the first line.
func locate(b []byte, want path) (line, column int) {
	line, column = 1, 1
	var p unstable.Parser
	p.Reset(b)
	table, index := "", -1
	for p.NextExpression() {
		e := p.Expression()
		key, at := keyOf(e)
		switch e.Kind {
		case unstable.Table, unstable.ArrayTable:
			if key == want.table {
				index++
			}
			table = key
			if table == want.table && index == want.index {
				s := p.Shape(at).Start
				line, column = s.Line, s.Column
			}
		case unstable.KeyValue:
			if table == want.table && index == want.index && key == want.key {
				s := p.Shape(at).Start
				return s.Line, s.Column
			}
		}
	}
	return line, column
}

func keyOf(e *unstable.Node) (string, unstable.Range) {
	var parts []string
	var at unstable.Range
	for it := e.Key(); it.Next(); {
		if len(parts) == 0 {
			at = it.Node().Raw
		}
		parts = append(parts, string(it.Node().Data))
	}
	return strings.Join(parts, "."), at
}
