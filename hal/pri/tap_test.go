package pri

import (
	"fmt"
	"testing"
	"time"

	"linevault/hal/pri/q921"
)

// TestReleaseCollision frees a call when both sides have sent RELEASE: nothing follows (Q.931 5.3.4).
func TestReleaseCollision(t *testing.T) {
	_, events, _ := run(play(t, `
		0 up
		1 net 1 SETUP speech from1 to20 ch5
		2 user 1' CONN ch5
		3 net 1 REL normal
		4 user 1' REL busy
		9 net 2 SETUP speech from1 to20 ch5`))
	for _, e := range events {
		if e.Kind == Freed && e.Call.ID == 1 && e.At == 4*time.Second {
			return
		}
	}
	t.Errorf("not freed by the second RELEASE: %+v", events)
}

// A card feeds both receivers' frames as they come, says how time passes, and acts on the events.
func ExampleTap() {
	tap := NewTap()
	for _, f := range []heard{
		{0, q921.Network, []byte{2, 1, 0x7F}}, // SABME
		{0, q921.User, []byte{2, 1, 0x73}},    // UA
		{1 * time.Second, q921.Network, []byte("\x02\x01\x00\x00\x08\x02\x00\x01\x05\x04\x03\x80\x90\xA3\x18\x03\xA9\x83\x87\x70\x05\x807000")},
		{2 * time.Second, q921.User, []byte("\x00\x01\x00\x02\x08\x02\x80\x01\x07")},                 // CONNECT
		{9 * time.Second, q921.User, []byte("\x00\x01\x02\x02\x08\x02\x80\x01\x45\x08\x02\x81\x90")}, // DISCONNECT
	} {
		for _, e := range tap.Feed(f.data, f.from, f.at) {
			fmt.Println(e.At, e.Kind, e.Call.Direction, e.Call.Called, e.Call.Slot())
		}
	}
	// Output:
	// 0s link down   0
	// 0s link up   0
	// 1s began in 7000 7
	// 2s fixed in 7000 7
	// 2s answered in 7000 7
	// 9s ended in 7000 7
}
