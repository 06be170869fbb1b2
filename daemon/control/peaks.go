package control

import (
	"fmt"
	"time"
)

// Picture is what a waveform is drawn from: for each leg, the loudest of each stretch of the
// call, 0 to 255.
type Picture struct {
	Length time.Duration
	Legs   [][]uint8
	Gaps   []Gap
}

const (
	picturePoints = 1200 // of each leg at most: more than a screen has columns for
	binLength     = 100 * time.Millisecond
)

// Picture is the call's waveform. It shows who spoke when, so it is for those who may listen.
func (d *Desk) Picture(a Actor, id string) (Picture, error) {
	if err := a.need(Listen); err != nil {
		return Picture{}, err
	}
	d.refresh()
	play, err := d.examine(id)
	if err != nil {
		return Picture{}, err
	}
	defer play.Close()
	legs, bin0, err := play.Peaks()
	if err != nil {
		return Picture{}, fmt.Errorf("read the waveform: %w", err)
	}
	call := callOf(play.Row())
	// Bins are counted on the line's clock; the call begins somewhere inside its first one.
	rate := int64(play.Row().Format.Rate)
	perBin := rate / int64(time.Second/binLength)
	skip := int(int64(play.Span().From)/perBin - bin0)
	bins := int((call.Length + binLength - 1) / binLength)
	p := Picture{Length: call.Length, Gaps: call.Gaps}
	for _, leg := range legs {
		p.Legs = append(p.Legs, thin(leg, skip, bins))
	}
	return p, nil
}

// thin takes n bins of leg from skip on, silence where there are none, and keeps the loudest
// of each run of them so that at most picturePoints are left.
func thin(leg []uint8, skip, n int) []uint8 {
	points := min(max(n, 1), picturePoints)
	out := make([]uint8, points)
	for i := range max(n, 0) {
		if at := skip + i; 0 <= at && at < len(leg) {
			to := i * points / n
			out[to] = max(out[to], leg[at])
		}
	}
	return out
}
