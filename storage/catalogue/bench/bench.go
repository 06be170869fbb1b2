package bench

import (
	"fmt"
	"io"
	"math"
	"runtime"
	"slices"
	"time"

	"linevault/storage/catalogue"
)

// Page is how many rows a page has.
const Page = 50

// Build makes a catalogue of n contacts in folder.
func Build(folder string, n int) (*catalogue.Index, error) {
	x := catalogue.New(folder, [32]byte{1})
	if err := x.Fill(Contacts(n)); err != nil {
		return nil, err
	}
	return x, x.Save(nil)
}

// Load reads the catalogue that Build made.
func Load(folder string) (*catalogue.Index, error) {
	x, _, err := catalogue.Load(folder, [32]byte{1})
	return x, err
}

// Times is how long questions of a kind took.
type Times struct {
	Kind        string
	Page, Count []time.Duration
}

// Of is the p-th part of the times, from 0 to 1.
func Of(times []time.Duration, p float64) time.Duration {
	s := slices.Sorted(slices.Values(times))
	return s[min(len(s)-1, int(p*float64(len(s))))]
}

// Tries is how often each question is asked: the shortest time counts, because what else
// the machine does takes its time, too.
const Tries = 3

// Ask puts questions, and returns the times by kind.
func Ask(queries []Query, page, count func(q *catalogue.Query) error) ([]Times, error) {
	var all []Times
	for i := range queries {
		q := &queries[i]
		if len(all) == 0 || all[len(all)-1].Kind != q.Kind {
			all = append(all, Times{Kind: q.Kind})
		}
		t := &all[len(all)-1]
		for what, times := range map[*func(q *catalogue.Query) error]*[]time.Duration{&page: &t.Page, &count: &t.Count} {
			best := time.Duration(math.MaxInt64)
			for range Tries {
				began := time.Now()
				if err := (*what)(&q.Query); err != nil {
					return nil, err
				}
				best = min(best, time.Since(began))
			}
			*times = append(*times, best)
		}
	}
	return all, nil
}

// Run measures a catalogue of n contacts in folder, which must be empty, and prints lines of
// name, value, unit.
func Run(w io.Writer, folder string, n int) error {
	queries := Queries(n, 30)
	began := time.Now()
	x, err := Build(folder, n)
	if err != nil {
		return err
	}
	x.Close()
	fmt.Fprintf(w, "catalogue_%d_build %.1f s\n", n, time.Since(began).Seconds())
	x = nil
	before := heap()
	began = time.Now()
	if x, err = Load(folder); err != nil {
		return err
	}
	defer x.Close()
	x.ReadRest(runtime.GOMAXPROCS(0))
	if _, _, err := x.Page(&catalogue.Query{}, Page); err != nil {
		return err
	}
	fmt.Fprintf(w, "catalogue_%d_first_answer %.2f s\n", n, time.Since(began).Seconds())
	x.Loaded()
	fmt.Fprintf(w, "catalogue_%d_all_in_memory %.2f s\n", n, time.Since(began).Seconds())
	fmt.Fprintf(w, "catalogue_%d_memory %.1f bytes/contact\n", n, float64(heap()-before)/float64(n))
	times, err := Ask(queries, func(q *catalogue.Query) error {
		_, _, err := x.Page(q, Page)
		return err
	}, func(q *catalogue.Query) error {
		_, err := x.Count(q)
		return err
	})
	if err != nil {
		return err
	}
	var pages, counts []time.Duration
	for _, t := range times {
		fmt.Fprintf(w, "# %-45s page p50 %8.3f max %8.3f ms   count p50 %8.3f max %8.3f ms\n", t.Kind,
			ms(Of(t.Page, 0.5)), ms(Of(t.Page, 1)), ms(Of(t.Count, 0.5)), ms(Of(t.Count, 1)))
		pages, counts = append(pages, t.Page...), append(counts, t.Count...)
	}
	for _, p := range []float64{0.5, 0.99} {
		fmt.Fprintf(w, "catalogue_%d_page_p%.0f %.3f ms\n", n, 100*p, ms(Of(pages, p)))
		fmt.Fprintf(w, "catalogue_%d_count_p%.0f %.3f ms\n", n, 100*p, ms(Of(counts, p)))
	}
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// heap is how many bytes are in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
