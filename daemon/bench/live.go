package bench

import (
	"context"

	"linevault/storage"
	"linevault/storage/seal"
)

// live asks a writer in this process what the desk asks over the socket.
type live struct{ w *storage.Writer }

func (l live) LiveParts(context.Context) ([]storage.LivePart, error) { return l.w.LiveParts(), nil }

func (l live) LiveBoxes(_ context.Context, part seal.PartID, from uint64, maxBytes int) ([]storage.SealedBox, error) {
	return l.w.LiveBoxes(part, from, maxBytes)
}
