package api

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"linevault/codec/pcm"
)

// While 60 lines record and nothing is ever committed, as on a disk that stalls, pauses are
// confirmed. How long that took is printed, and decides nothing.
func TestPausesWhileTheDiskStalls(t *testing.T) {
	k := till
	k.Lines = nil
	for i := range 60 {
		k.Lines = append(k.Lines, pcm.LineID(fmt.Sprintf("line-%d", i)))
	}
	b := newBoxOf(t, time.Hour, k.Lines, k)
	b.api.confirm = confirm
	asked := 180
	if testing.Short() {
		asked = 60
	}
	late := 0
	took := make([]time.Duration, 0, asked)
	for i := range asked {
		method := "PUT"
		if i/60%2 == 1 {
			method = "DELETE"
		}
		began := time.Now()
		if k := b.ask(method, fmt.Sprintf("/v1/lines/line-%d/pause", i%60), ""); k.status == 503 {
			late++ // this machine is too busy, and the answer is true
		} else if k.status != 200 {
			t.Errorf("%d %s", k.status, k.raw)
		}
		took = append(took, time.Since(began))
		time.Sleep(20 * time.Millisecond) // a terminal's allowance, and some time for the lines
	}
	slices.Sort(took)
	t.Logf("%d pauses and resumes on 60 lines, nothing committed: p50 %v, p99 %v, most %v, %d not confirmed",
		asked, took[asked/2], took[asked*99/100], took[asked-1], late)
}
