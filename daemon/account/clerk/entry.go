package clerk

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"linevault/codec/pcm"
	"linevault/storage"
	"linevault/storage/ledger"
)

// Outcome is what became of a call.
type Outcome string

// What becomes of calls. There is nothing else.
const (
	Recorded    Outcome = "recorded"      // whole
	Partly      Outcome = "partly"        // Missing and Reason say what is missing
	NotByPolicy Outcome = "not by policy" // Reason is the rule
	Lost        Outcome = "lost"          // Reason says why
)

// Entry is the ledger's one entry of a call.
type Entry struct {
	Key        string
	Book       string // of notes; N counts a book's calls of a line and day from 1
	N          int
	Day        string
	Began      time.Time
	Line       pcm.LineID
	Name       string
	Department string
	Calls      []storage.CallID // its recordings
	Outcome    Outcome
	Reason     string
	Recorded   time.Duration
	Missing    map[string]time.Duration // by cause
}

// event is the entry as the ledger takes it. There is no number in it.
func (e Entry) event(at time.Time) ledger.Event {
	v := ledger.Event{
		At: at.UTC(), Kind: Kind, Who: "the box",
		Data: map[string]string{
			"key": e.Key, "book": e.Book, "n": strconv.Itoa(e.N), "day": e.Day, "began": e.Began.UTC().Format(time.RFC3339Nano),
			"line": string(e.Line), "name": e.Name, "department": e.Department, "outcome": string(e.Outcome), "reason": e.Reason,
			"recorded": seconds(e.Recorded),
		},
	}
	var ids []string
	for _, id := range e.Calls {
		ids = append(ids, string(id))
	}
	if len(ids) > 0 {
		v.Call, v.Data["calls"] = ids[0], strings.Join(ids, " ")
	}
	if len(e.Missing) > 0 {
		short := map[string]string{}
		for cause, d := range e.Missing {
			short[cause] = seconds(d)
		}
		b, err := json.Marshal(short)
		if err != nil {
			panic("clerk: " + err.Error()) // strings can be written
		}
		v.Data["missing"] = string(b)
	}
	return v
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }

// parse is the reverse of event. What cannot be read of an entry is left out: it was signed as it is.
func parse(v ledger.Event) Entry {
	e := Entry{
		Key: v.Data["key"], Book: v.Data["book"], Day: v.Data["day"], Line: pcm.LineID(v.Data["line"]), Name: v.Data["name"],
		Department: v.Data["department"], Outcome: Outcome(v.Data["outcome"]), Reason: v.Data["reason"],
		Recorded: duration(v.Data["recorded"]), Missing: map[string]time.Duration{},
	}
	e.N, _ = strconv.Atoi(v.Data["n"])
	e.Began, _ = time.Parse(time.RFC3339Nano, v.Data["began"])
	for id := range strings.FieldsSeq(v.Data["calls"]) {
		e.Calls = append(e.Calls, storage.CallID(id))
	}
	var short map[string]string
	if json.Unmarshal([]byte(v.Data["missing"]), &short) == nil {
		for cause, s := range short {
			e.Missing[cause] = duration(s)
		}
	}
	return e
}

func duration(s string) time.Duration {
	f, _ := strconv.ParseFloat(s, 64)
	return time.Duration(f*1000+0.5) * time.Millisecond
}
