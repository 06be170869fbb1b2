// Sqlitebench puts the same questions to the catalogue and to SQLite with proper indexes,
// checks that both give the same answers, and prints how much faster the catalogue is.
package main

import (
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	_ "github.com/mattn/go-sqlite3" // the driver

	"linevault/storage/catalogue"
	"linevault/storage/catalogue/bench"
)

// schema is what a careful author gives SQLite: an index for every filter, a tag table, full
// text for notes, trigrams for parts of numbers, numbers reversed for last digits. A contact's
// n is its place in time, so that the newest come first without sorting.
const schema = `
CREATE TABLE contact (
	n INTEGER PRIMARY KEY, id BLOB, start INTEGER, length INTEGER, far TEXT, raf TEXT, own TEXT, line TEXT, department TEXT,
	agent TEXT, direction TEXT, state TEXT, why TEXT, class TEXT, kind TEXT, rating INTEGER, held INTEGER, row BLOB);
CREATE TABLE tag (tag TEXT, n INTEGER, PRIMARY KEY (tag, n)) WITHOUT ROWID;
CREATE VIRTUAL TABLE note USING fts5(words, content='', detail=none);
CREATE VIRTUAL TABLE number USING fts5(far, content='', tokenize='trigram');`

const indexes = `
CREATE INDEX by_start ON contact (start);
CREATE INDEX by_length ON contact (length);
CREATE INDEX by_far ON contact (far);
CREATE INDEX by_raf ON contact (raf);
CREATE INDEX by_line ON contact (line, n);
CREATE INDEX by_department ON contact (department, n);
CREATE INDEX by_agent ON contact (agent, n);
CREATE INDEX by_direction ON contact (direction, n);
CREATE INDEX by_state ON contact (state, n);
CREATE INDEX by_kind ON contact (kind, n);
CREATE INDEX by_rating ON contact (rating, n) WHERE rating > 0;
CREATE INDEX by_held ON contact (n) WHERE held = 1;
CREATE UNIQUE INDEX by_id ON contact (id);
ANALYZE;`

// pragmas give it all the memory and trust that it can use.
const pragmas = `
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -1000000;
PRAGMA mmap_size = 34359738368;`

// openOrBuild opens the database of n contacts, and makes it, and its folder, where it is not there.
func openOrBuild(path string, n int) (*sql.DB, error) {
	if _, err := os.Stat(path); err == nil {
		return open(path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	// Under another name, so that one that is there is whole.
	db, err := build(path+".new", n)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(db.Close(), os.Rename(path+".new", path)); err != nil {
		return nil, err
	}
	return open(path)
}

func open(path string) (*sql.DB, error) {
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	_, err = db.Exec(pragmas)
	return db, err
}

// build makes the database of n contacts.
func build(path string, n int) (*sql.DB, error) {
	db, err := open(path)
	if err != nil {
		return nil, err
	}
	if _, err := db.Exec(schema); err != nil {
		return nil, err
	}
	tx, err := db.Begin()
	if err != nil {
		return nil, err
	}
	insert := func(query string) *sql.Stmt {
		s, perr := tx.Prepare(query)
		if err == nil {
			err = perr
		}
		return s
	}
	contact := insert("INSERT INTO contact VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
	tag := insert("INSERT OR IGNORE INTO tag VALUES (?, ?)")
	note := insert("INSERT INTO note (rowid, words) VALUES (?, ?)")
	number := insert("INSERT INTO number (rowid, far) VALUES (?, ?)")
	if err != nil {
		return nil, err
	}
	i := 0
	for c := range bench.Contacts(n) {
		i++
		if _, err := contact.Exec(i, c.ID[:], c.Start.UnixNano(), c.Length.Milliseconds(), c.Far, backwards(c.Far), c.Own, c.Line, c.Department,
			c.Agent, c.Direction, c.State, c.Why, c.Class, c.Kind, c.Rating, c.Held, c.Row); err != nil {
			return nil, err
		}
		for kind, list := range map[string][]string{"purpose ": c.Purpose, "flag ": c.Flags, "gap ": c.Gaps} {
			for _, v := range list {
				if _, err := tag.Exec(kind+v, i); err != nil {
					return nil, err
				}
			}
		}
		if c.Note != "" {
			if _, err := note.Exec(i, c.Note); err != nil {
				return nil, err
			}
		}
		if _, err := number.Exec(i, c.Far); err != nil {
			return nil, err
		}
	}
	if err := tx.Commit(); err != nil {
		return nil, err
	}
	_, err = db.Exec(indexes)
	return db, err
}

func backwards(s string) string {
	b := []byte(s)
	for i := range len(b) / 2 {
		b[i], b[len(b)-1-i] = b[len(b)-1-i], b[i]
	}
	return string(b)
}

// where is a question in SQL.
func where(q *catalogue.Query) (string, []any) {
	cond, args := []string{"1"}, []any{}
	add := func(s string, a ...any) { cond, args = append(cond, s), append(args, a...) }
	text := func(column, v string) {
		if v != "" {
			add(column+" = ?", v)
		}
	}
	text("far", q.Far)
	text("line", q.Line)
	text("department", q.Department)
	text("agent", q.Agent)
	text("direction", q.Direction)
	text("state", q.State)
	text("why", q.Why)
	text("class", q.Class)
	text("kind", q.Kind)
	front := func(column, v string) {
		if v != "" {
			add(column+" >= ? AND "+column+" < ?", v, v+"\xff")
		}
	}
	front("far", q.FarBegins)
	front("raf", backwards(q.FarEnds))
	if q.Part != "" {
		add("n IN (SELECT rowid FROM number WHERE number MATCH ?)", `"`+q.Part+`"`)
	}
	for w := range strings.FieldsSeq(q.Note) {
		add("n IN (SELECT rowid FROM note WHERE note MATCH ?)", w+"*")
	}
	for kind, v := range map[string]string{"purpose ": q.Purpose, "flag ": q.Flag, "gap ": q.Gap} {
		if v != "" {
			add("n IN (SELECT n FROM tag WHERE tag = ?)", kind+v)
		}
	}
	if !q.From.IsZero() {
		add("start >= ?", q.From.UnixNano())
	}
	if !q.To.IsZero() {
		add("start < ?", q.To.UnixNano())
	}
	if q.MinLength > 0 {
		add("length >= ?", q.MinLength.Milliseconds())
	}
	if q.MaxLength > 0 {
		add("length <= ?", q.MaxLength.Milliseconds())
	}
	if q.MinRating > 0 {
		add("rating > 0 AND rating >= ?", q.MinRating)
	}
	if q.Held == catalogue.Yes {
		add("held = 1")
	}
	if q.Before != (catalogue.ID{}) {
		add("n < ?", int64(binary.BigEndian.Uint64(q.Before[8:]))+1) // bench.Contacts counts there, from 0
	}
	return strings.Join(cond, " AND "), args
}

// page is a question's page as SQLite has it.
func page(db *sql.DB, q *catalogue.Query) ([]catalogue.Found, error) {
	cond, args := where(q)
	rows, err := db.Query("SELECT id, row FROM contact WHERE "+cond+fmt.Sprintf(" ORDER BY n DESC LIMIT %d", bench.Page), args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []catalogue.Found
	for rows.Next() {
		var id, row []byte
		if err := rows.Scan(&id, &row); err != nil {
			return nil, err
		}
		list = append(list, catalogue.Found{ID: catalogue.ID(id), Row: row})
	}
	return list, rows.Err()
}

func count(db *sql.DB, q *catalogue.Query) (n int, err error) {
	cond, args := where(q)
	err = db.QueryRow("SELECT count(*) FROM contact WHERE "+cond, args...).Scan(&n)
	return n, err
}
