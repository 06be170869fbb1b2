package storage

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Annotation is one thing that somebody said about a call. It is kept sealed under the key of a
// part of the call, so that what destroys the call destroys it, too. None is ever changed: a
// later one takes the place of what it contradicts.
type Annotation struct {
	ID   string         `json:"id"` // made by Annotate
	At   time.Time      `json:"at"`
	By   string         `json:"by"`
	Kind AnnotationKind `json:"kind"`
	Text string         `json:"text,omitempty"`
	// Stars is a rating's, 1 to 5; 0 takes the rating back.
	Stars int `json:"stars,omitempty"`
}

// AnnotationKind is what an annotation says.
type AnnotationKind string

// The kinds of annotation.
const (
	SetFlag      AnnotationKind = "flag"         // Text are its words
	ClearFlag    AnnotationKind = "flag cleared" // of these words
	Rate         AnnotationKind = "rating"       // Stars
	AddNote      AnnotationKind = "note"         // Text
	SetAgent     AnnotationKind = "agent"        // who answered; no Text takes it back
	SetExtension AnnotationKind = "extension"    // where; no Text takes it back
	SetPurpose   AnnotationKind = "purpose"      // what the call was about
	ClearPurpose AnnotationKind = "purpose cleared"
)

// The most that an annotation may have, in characters.
const (
	MaxWords = 60
	MaxNote  = 4000
)

// maxAnnotations is the most that a call may have.
const maxAnnotations = 1000

// MaxStars is the best rating.
const MaxStars = 5

// AnnotationError says what is wrong with an annotation, in a sentence for who made it.
type AnnotationError struct{ Text string }

func (e *AnnotationError) Error() string { return e.Text }

// check tidies a and says what is wrong with it.
func (a *Annotation) check() error {
	a.Text = strings.TrimSpace(a.Text)
	most, needs := MaxWords, true
	switch a.Kind {
	case SetFlag, ClearFlag, SetPurpose, ClearPurpose:
	case SetAgent, SetExtension:
		needs = false
	case AddNote:
		most = MaxNote
	case Rate:
		if a.Stars < 0 || a.Stars > MaxStars {
			return &AnnotationError{fmt.Sprintf("a rating is from 1 to %d, or 0 to take it back", MaxStars)}
		}
		a.Text, needs = "", false
	default:
		return &AnnotationError{fmt.Sprintf("%q is no kind of annotation", a.Kind)}
	}
	if a.Kind != AddNote {
		a.Text = strings.Join(strings.Fields(a.Text), " ")
	}
	if a.Kind != Rate {
		a.Stars = 0
	}
	switch n := utf8.RuneCountInString(a.Text); {
	case needs && n == 0:
		return &AnnotationError{fmt.Sprintf("a %s needs some words", a.Kind)}
	case n > most:
		return &AnnotationError{fmt.Sprintf("a %s has %d characters at most, and this has %d", a.Kind, most, n)}
	case !utf8.ValidString(a.Text):
		return &AnnotationError{"that is not text"}
	}
	return nil
}

// Words are an annotation's words, by whom and when.
type Words struct {
	Text string    `json:"text"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
}

// About is what is said about a call, all annotations together.
type About struct {
	Flags     []Words `json:"flags,omitempty"`
	Purposes  []Words `json:"purposes,omitempty"`
	Notes     []Words `json:"notes,omitempty"` // oldest first
	Agent     Words   `json:"agent,omitzero"`
	Extension Words   `json:"extension,omitzero"`
	Stars     int     `json:"stars,omitempty"` // 0 is none
	Rated     Words   `json:"rated,omitzero"`  // by whom and when
}

// about is what annotations say together.
func about(list []Annotation) About {
	var all About
	for _, a := range list {
		w := Words{Text: a.Text, By: a.By, At: a.At}
		same := func(o Words) bool { return strings.EqualFold(o.Text, a.Text) }
		switch a.Kind {
		case SetFlag:
			all.Flags = append(slices.DeleteFunc(all.Flags, same), w)
		case ClearFlag:
			all.Flags = slices.DeleteFunc(all.Flags, same)
		case SetPurpose:
			all.Purposes = append(slices.DeleteFunc(all.Purposes, same), w)
		case ClearPurpose:
			all.Purposes = slices.DeleteFunc(all.Purposes, same)
		case AddNote:
			all.Notes = append(all.Notes, w)
		case SetAgent:
			all.Agent = w.unlessEmpty()
		case SetExtension:
			all.Extension = w.unlessEmpty()
		case Rate:
			all.Stars, all.Rated = a.Stars, w
		}
	}
	return all
}

func (w Words) unlessEmpty() Words {
	if w.Text == "" {
		return Words{}
	}
	return w
}

// addAnnotation adds a to a list in the order of time, unless it is there.
func addAnnotation(list []Annotation, a Annotation) []Annotation {
	if slices.ContainsFunc(list, func(o Annotation) bool { return o.ID == a.ID }) {
		return list
	}
	k, _ := slices.BinarySearchFunc(list, a, func(o, a Annotation) int {
		return cmp.Or(o.At.Compare(a.At), cmp.Compare(o.ID, a.ID))
	})
	return slices.Insert(list, k, a)
}

// lastWord is the time of what is said after a list: now, unless the clock was set back, or
// several things are said at once. What is said last counts.
func lastWord(list []Annotation, now time.Time) time.Time {
	if k := len(list); k > 0 && !now.After(list[k-1].At) {
		return list[k-1].At.Add(time.Millisecond)
	}
	return now
}

var errAnnotation = errors.New("it opens, and is no annotation")

func decodeAnnotation(plain []byte) (a Annotation, err error) {
	if json.Unmarshal(plain, &a) != nil || a.ID == "" || a.check() != nil {
		return a, errAnnotation
	}
	return a, nil
}
