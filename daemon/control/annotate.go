package control

import (
	"errors"
	"fmt"
	"maps"

	"linevault/storage"
	"linevault/storage/ledger"
)

// Annotation is one thing that somebody says about a call.
type Annotation = storage.Annotation

// About is what people said about a call, all annotations together.
type About = storage.About

// Words are an annotation's words, by whom and when.
type Words = storage.Words

// AnnotationError says what is wrong with an annotation, in a sentence for who made it.
type AnnotationError = storage.AnnotationError

// AnnotationKind is what an annotation says.
type AnnotationKind = storage.AnnotationKind

// The kinds of annotation.
const (
	SetFlag      = storage.SetFlag
	ClearFlag    = storage.ClearFlag
	Rate         = storage.Rate
	AddNote      = storage.AddNote
	SetAgent     = storage.SetAgent
	SetExtension = storage.SetExtension
	SetPurpose   = storage.SetPurpose
	ClearPurpose = storage.ClearPurpose
)

// Annotate adds what the actor says about a call. That it was said is in the ledger before; what
// was said is not.
func (d *Desk) Annotate(a Actor, id string, n Annotation) error {
	if err := a.need(Annotate); err != nil {
		return err
	}
	n.By = a.Name
	err := d.Store.Annotate(storage.CallID(id), n, func(e ledger.Event) error {
		maps.Copy(e.Data, from(a.Address))
		return d.write(e)
	})
	_, wrong := errors.AsType[*AnnotationError](err)
	switch {
	case err == nil || wrong || errors.Is(err, ErrLedger):
		return err
	case errors.Is(err, storage.ErrNoCall):
		return ErrNoCall
	}
	return fmt.Errorf("keep what was said about the call: %w", err)
}
