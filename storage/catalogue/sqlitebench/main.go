package main

import (
	"bytes"
	"cmp"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"linevault/storage/catalogue"
	"linevault/storage/catalogue/bench"
)

func main() {
	n := flag.Int("contacts", 1_000_000, "how many contacts")
	each := flag.Int("each", 10, "questions of each kind")
	keep := flag.String("keep", "", "make the database and the catalogue in this `folder`, and use those that are there already")
	kind := flag.String("kind", "", "only questions whose kind has this `text` in it")
	flag.Parse()
	folder, err := os.MkdirTemp("", "sqlitebench")
	if err == nil {
		queries := slices.DeleteFunc(bench.Queries(*n, *each), func(q bench.Query) bool { return !strings.Contains(q.Kind, *kind) })
		err = run(os.Stdout, cmp.Or(*keep, folder), *n, queries)
		_ = os.RemoveAll(folder) // made of random numbers
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sqlitebench:", err)
		os.Exit(1)
	}
}

// run compares with n contacts: the catalogue and the database are in folder.
func run(w io.Writer, folder string, n int, queries []bench.Query) error {
	if len(queries) == 0 {
		return errors.New("there are no questions of that kind")
	}
	db, err := openOrBuild(filepath.Join(folder, fmt.Sprintf("contacts-%d.sqlite", n)), n)
	if err != nil {
		return err
	}
	defer db.Close()
	x, err := loadOrBuild(filepath.Join(folder, fmt.Sprintf("catalogue-%d", n)), n)
	if err != nil {
		return err
	}
	defer x.Close()
	for i := range queries {
		if err := same(x, db, &queries[i]); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "same_answers %d queries\n", len(queries))
	ours, err := bench.Ask(queries, func(q *catalogue.Query) error {
		_, _, err := x.Page(q, bench.Page)
		return err
	}, func(q *catalogue.Query) error {
		_, err := x.Count(q)
		return err
	})
	if err != nil {
		return err
	}
	theirs, err := bench.Ask(queries, func(q *catalogue.Query) error {
		_, err := page(db, q)
		return err
	}, func(q *catalogue.Query) error {
		_, err := count(db, q)
		return err
	})
	if err != nil {
		return err
	}
	print(w, n, ours, theirs)
	return nil
}

// loadOrBuild has all of the catalogue in memory.
func loadOrBuild(folder string, n int) (*catalogue.Index, error) {
	if _, err := os.Stat(folder); err != nil {
		x, err := bench.Build(folder+".new", n)
		if err != nil {
			return nil, err
		}
		x.Close()
		if err := os.Rename(folder+".new", folder); err != nil {
			return nil, err
		}
	}
	x, err := bench.Load(folder)
	if err != nil {
		return nil, err
	}
	x.ReadRest(runtime.GOMAXPROCS(0))
	x.Loaded()
	return x, nil
}

// same checks that both answer alike.
func same(x *catalogue.Index, db *sql.DB, q *bench.Query) error {
	a, _, err := x.Page(&q.Query, bench.Page)
	if err != nil {
		return err
	}
	b, err := page(db, &q.Query)
	if err != nil {
		return fmt.Errorf("%s: %w", q.Kind, err)
	}
	if !slices.EqualFunc(a, b, func(a, b catalogue.Found) bool { return a.ID == b.ID && bytes.Equal(a.Row, b.Row) }) {
		return fmt.Errorf("%s: %+v: the pages differ: %d and %d rows", q.Kind, q.Query, len(a), len(b))
	}
	c, err := count(db, &q.Query)
	if err != nil {
		return err
	}
	n, err := x.Count(&q.Query)
	if err == nil && n != c {
		return fmt.Errorf("%s: %+v: %d counted, SQLite has %d", q.Kind, q.Query, n, c)
	}
	return err
}

// print writes times and ratios, SQLite's over the catalogue's.
func print(w io.Writer, n int, ours, theirs []bench.Times) {
	fmt.Fprintf(w, "# %d contacts; p50 and max in ms, catalogue, SQLite, ratio\n", n)
	fmt.Fprintf(w, "# %-45s %28s %28s\n", "", "page p50", "count p50")
	var a, b, ca, cb []time.Duration
	for i, o := range ours {
		t := theirs[i]
		fmt.Fprintf(w, "# %-45s%s%s\n", o.Kind, ratio(o.Page, t.Page, 0.5), ratio(o.Count, t.Count, 0.5))
		a, b = append(a, o.Page...), append(b, t.Page...)
		ca, cb = append(ca, o.Count...), append(cb, t.Count...)
	}
	for _, p := range []float64{0.5, 0.99} {
		fmt.Fprintf(w, "# all, p%-40.0f%s%s\n", 100*p, ratio(a, b, p), ratio(ca, cb, p))
		fmt.Fprintf(w, "sqlite_over_catalogue_%d_page_p%.0f %.1f ratio\n", n, 100*p, quotient(a, b, p))
		fmt.Fprintf(w, "sqlite_over_catalogue_%d_count_p%.0f %.1f ratio\n", n, 100*p, quotient(ca, cb, p))
	}
}

func ratio(a, b []time.Duration, p float64) string {
	x, y := bench.Of(a, p).Seconds()*1000, bench.Of(b, p).Seconds()*1000
	return fmt.Sprintf(" %8.3f %10.3f %7.1fx", x, y, y/x)
}

func quotient(a, b []time.Duration, p float64) float64 {
	return bench.Of(b, p).Seconds() / bench.Of(a, p).Seconds()
}
