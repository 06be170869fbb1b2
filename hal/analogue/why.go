package analogue

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gordonklaus/portaudio"
)

// spoken is what the sound library says of an error, or that it says nothing, as it does of many
// that come from a driver.
func spoken(err error) string {
	if text := strings.TrimSpace(err.Error()); text != "" {
		return text
	}
	if h, ok := errors.AsType[portaudio.UnanticipatedHostError](err); ok && h.Code != 0 {
		return fmt.Sprintf("the sound library gave no reason, only the number %d", h.Code)
	}
	return "the sound library gave no reason"
}

// inFull is the fault with what to do about it, for whoever runs this by hand.
func (f *fault) inFull() error { return fmt.Errorf("%s; %s", f.Text, f.Hint) }

// notStarted is why nothing can be captured of a device, or listed if that is empty: the sound
// library opens every device there is as it starts, and one that is out of order is enough.
func notStarted(device string, err error) *fault {
	text := "the sound library did not start: " + spoken(err)
	if device != "" {
		text = fmt.Sprintf("the sound library did not start, so that device %q was not looked for: %s", device, spoken(err))
	}
	return &fault{
		Text: text,
		Hint: "see with `arecord -L` what ALSA knows: a device that its configuration gives a name of ALSA's own, such as rear, front or default, must be given another; check the sound drivers with `arecord -l`, then try `linevault card --list`",
	}
}
