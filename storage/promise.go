package storage

// Promise numbers what a store promises and a check proves. A Problem says which one it breaks.
type Promise int

// The promises.
const (
	Whole      Promise = iota + 1 // every call has its boxes, every box opens, the catalogue agrees
	Ours                          // every file is ours
	Durable                       // what was acknowledged and entered in the ledger is here
	NoLeak                        // nothing that was said in a pause plays
	Explained                     // every gap has a cause
	Unbroken                      // the ledger begins with all that was ever signed
	Forgotten                     // nothing that is past its term has a key
	promiseEnd                    // one past the last
)

var promises = [...]string{
	Whole:     "every call has all its boxes, every box opens, and the catalogue agrees with them",
	Ours:      "every segment is one that this box made",
	Durable:   "every recording that the ledger has is here, unless a certificate says that it was destroyed",
	NoLeak:    "packets and gaps never overlap, and what a late pause covers is withheld",
	Explained: "every gap says why it is there",
	Unbroken:  "the ledger is whole and begins with everything that was ever signed",
	Forgotten: "no key is left of anything that is past its term",
}

// Verdict is what a check found of one promise.
type Verdict struct {
	Number   Promise `json:"number"`
	Promise  string  `json:"promise"`
	Problems int     `json:"problems"`
}

// Verdicts says of each promise how many problems break it.
func (r *Report) Verdicts() []Verdict {
	var list []Verdict
	for n := Whole; n < promiseEnd; n++ {
		v := Verdict{Number: n, Promise: promises[n]}
		for _, p := range r.Problems {
			if p.Breaks == n {
				v.Problems++
			}
		}
		list = append(list, v)
	}
	return list
}
