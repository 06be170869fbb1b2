// Package health is the board of things that a person must know: raised once, shown until
// they are over.
package health

import (
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"linevault/codec/pcm"
)

// Alarm is something a person must know.
type Alarm struct {
	Key   string     `json:"key"`  // what it is about; raising it again changes nothing but the text
	Text  string     `json:"text"` // one sentence, with what to do
	Since time.Time  `json:"since"`
	Line  pcm.LineID `json:"line,omitempty"`
}

// Board holds the alarms that are on. It is safe for concurrent use.
type Board struct {
	log  *slog.Logger
	mu   sync.Mutex // guards what follows
	on   map[string]Alarm
	tell func(a Alarm, on bool)
}

// NewBoard makes a board without alarms; each is logged as it is raised and cleared.
func NewBoard(log *slog.Logger) *Board { return &Board{log: log, on: map[string]Alarm{}} }

// Watch has f told of each alarm that begins, becomes worse or is over. It may not wait.
func (b *Board) Watch(f func(a Alarm, on bool)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tell = f
}

// Raise turns an alarm on.
func (b *Board) Raise(key string, line pcm.LineID, text string) { b.raise(key, line, text, false) }

// Worsen turns an alarm on, or says that one which is on has become worse: that is logged and told
// as its beginning was.
func (b *Board) Worsen(key string, line pcm.LineID, text string) { b.raise(key, line, text, true) }

func (b *Board) raise(key string, line pcm.LineID, text string, again bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a, was := b.on[key]
	if !was {
		a = Alarm{Key: key, Since: time.Now().UTC(), Line: line}
	}
	a.Text = text
	b.on[key] = a
	if was && !again {
		return
	}
	b.log.Warn("alarm", "alarm", key, "line", line, "text", text)
	if b.tell != nil {
		b.tell(a, true)
	}
}

// Clear turns an alarm off; one that is not on is left so.
func (b *Board) Clear(key string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if a, was := b.on[key]; was {
		delete(b.on, key)
		if b.tell != nil {
			b.tell(a, false)
		}
		b.log.Info("alarm over", "alarm", key)
	}
}

// Alarms lists what is on, oldest first.
func (b *Board) Alarms() []Alarm {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]Alarm, 0, len(b.on))
	for _, a := range b.on {
		all = append(all, a)
	}
	slices.SortFunc(all, func(x, y Alarm) int {
		if c := x.Since.Compare(y.Since); c != 0 {
			return c
		}
		return strings.Compare(x.Key, y.Key)
	})
	return all
}
