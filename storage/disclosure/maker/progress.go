package maker

import (
	"io"

	"linevault/storage"
	"linevault/storage/sound"
)

// decodings is how often the sound of a call is decoded: to be measured, and into the pack.
const decodings = 2

// decoded is the sound of a call as a WAV file, of which reading tells the progress.
func (k *Maker) decoded(play *storage.Playback, done *int64) (io.Reader, error) {
	w, err := sound.NewWAV(play)
	if err != nil || k.Progress == nil {
		return w, err
	}
	return &watched{w, done, decodings * w.Size(), k.Progress}, nil
}

// watched is a reader that tells how far it is.
type watched struct {
	io.Reader
	done  *int64
	total int64
	tell  func(done, total int64)
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.Reader.Read(b)
	*w.done += int64(n)
	w.tell(*w.done, w.total)
	return n, err
}
