package torture

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

// A recorder that is killed at any moment loses nothing that it acknowledged, and the next one
// goes on in the same store.
func TestKills(t *testing.T) {
	const perStore = 10
	stores := times(2, 100) // 200 more kills are in the tests of package storage
	r := each(t, "kill -9", stores, func(i int) (Row, error) {
		dir, a := folder(t), &Acked{}
		defer os.RemoveAll(dir)
		rnd := rand.New(rand.NewPCG(uint64(i), 5))
		for range perStore {
			cmd := recorderOf(t, dir, Plan{Lines: 8, Seed: rnd.Uint64(), Segment: 200 << 10})
			said := &strings.Builder{}
			cmd.Stdout = said
			if err := cmd.Start(); err != nil {
				return Row{}, err
			}
			time.Sleep(time.Duration(5+rnd.IntN(95)) * time.Millisecond)
			if err := cmd.Process.Kill(); err != nil {
				return Row{}, err
			}
			_ = cmd.Wait() // it was killed
			if cmd.ProcessState.Exited() {
				return Row{}, fmt.Errorf("it ended by itself: %s", said)
			}
			if err := a.Hear(said.String()); err != nil {
				return Row{}, err
			}
		}
		return Row{Tried: perStore, Acked: a.Boxes, Loss: a.Judge(dir)}, nil
	})
	report(t, r)
}
