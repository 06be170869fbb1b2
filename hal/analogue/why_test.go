package analogue

import (
	"errors"
	"strings"
	"testing"

	"github.com/gordonklaus/portaudio"

	"linevault/hal"
	"linevault/hal/haltest/pulse"
)

func TestSpoken(t *testing.T) {
	for _, r := range []struct {
		err  error
		want string
	}{
		{portaudio.UnanticipatedHostError{Code: -5, Text: "no such thing"}, "no such thing"},
		{portaudio.UnanticipatedHostError{Code: -5}, "the sound library gave no reason, only the number -5"},
		{portaudio.UnanticipatedHostError{}, "the sound library gave no reason"},
		{errors.New(" "), "the sound library gave no reason"},
	} {
		if got := spoken(r.err); got != r.want {
			t.Errorf("of %#v: %q, want %q", r.err, got, r.want)
		}
	}
}

// A device that has a name of ALSA's own keeps the sound library from starting, and who asked for
// it, or for the list of devices, is told so.
func TestNameOfALSAsOwn(t *testing.T) {
	pulse.Start(t, pulse.Card{Name: "rear", Channels: 8})
	_, err := Open(eight("rear"))
	e, ok := errors.AsType[*hal.CardError](err)
	if !ok {
		t.Fatalf("%v", err)
	}
	t.Log(err)
	if !strings.Contains(e.Err.Error(), `device "rear"`) || !strings.Contains(e.Err.Error(), "gave no reason") || !strings.Contains(e.Hint, "must be given another") {
		t.Errorf("error %v, hint %q", e.Err, e.Hint)
	}
	_, err = Devices()
	if err == nil || !strings.Contains(err.Error(), "the sound library did not start") || !strings.Contains(err.Error(), "arecord -L") {
		t.Errorf("listing devices: %v", err)
	}
	t.Log(err)
}
