package wav

import (
	"errors"
	"fmt"
	"io"
	"os"

	"linevault/codec/pcm"
)

// ReadAll reads a whole file: its samples, interleaved by leg. Of one that ends too early it returns
// what there is, with the error.
func ReadAll(r io.Reader) ([]int16, pcm.Format, error) {
	w, err := NewReader(r)
	if err != nil {
		return nil, pcm.Format{}, err
	}
	var all []int16
	for buf := make([]int16, 8192); ; {
		n, err := w.Read(buf)
		all = append(all, buf[:n]...)
		if errors.Is(err, io.EOF) {
			return all, w.Format(), nil
		}
		if err != nil {
			return all, w.Format(), err
		}
	}
}

// ReadFile is ReadAll of the file with this name; its errors name it.
func ReadFile(name string) ([]int16, pcm.Format, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, pcm.Format{}, err
	}
	defer f.Close()
	all, format, err := ReadAll(f)
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return all, format, err
}
