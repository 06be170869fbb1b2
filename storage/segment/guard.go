package segment

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"
)

// guard runs f so that a page that cannot be read, or that bbolt finds impossible, becomes
// an error: by default it would end the process, and with it every line's recording.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = &faultError{r}
		}
	}()
	return f()
}

// faultError is what guard makes of a panic. bbolt may have left a lock held behind it.
type faultError struct{ cause any }

func (e *faultError) Error() string {
	return fmt.Sprintf("the disk or the file is damaged: %v", e.cause)
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
