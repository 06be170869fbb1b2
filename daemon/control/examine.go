package control

import (
	"errors"
	"fmt"
	"sync"

	"linevault/codec"
	"linevault/storage"
)

// findings are the runs of calls that cannot be read, as far as calls were looked at. A sound
// file is laid out around them, so they must be known before its first byte is served.
type findings struct {
	mu   sync.Mutex // guards held
	held map[storage.CallID][]int
}

// maxFindings is how many calls are remembered; after that they are looked at again.
const maxFindings = 1000

func (f *findings) of(id storage.CallID) (runs []int, known bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	runs, known = f.held[id]
	return runs, known
}

func (f *findings) keep(id storage.CallID, runs []int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.held) >= maxFindings {
		clear(f.held)
	}
	f.held[id] = runs
}

func (f *findings) forget(id storage.CallID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.held, id)
}

// examine opens all of a call, so that what cannot be read is known before it is played. An
// hour of a call is some megabytes; the caller closes it.
func (d *Desk) examine(id string) (*storage.Playback, error) {
	play, err := d.Store.Play(storage.CallID(id))
	if err != nil {
		return nil, noCall(err)
	}
	var damaged []int
	nothing := func(codec.Packet) error { return nil }
	for i := range play.Runs() {
		err := play.Sound(i, nothing)
		if _, is := errors.AsType[*storage.DamagedError](err); is {
			damaged = append(damaged, i)
			play.Damage(i)
		} else if err != nil {
			play.Close()
			return nil, fmt.Errorf("read the call: %w", err)
		}
	}
	d.findings.keep(storage.CallID(id), damaged)
	return play, nil
}

// play is the call as it was found when it was last examined, or examined now.
func (d *Desk) play(id string) (*storage.Playback, error) {
	d.refresh()
	damaged, known := d.findings.of(storage.CallID(id))
	if !known {
		return d.examine(id)
	}
	play, err := d.Store.Play(storage.CallID(id))
	if err != nil {
		return nil, noCall(err)
	}
	for _, i := range damaged {
		if i >= len(play.Runs()) { // the call is not what it was
			play.Close()
			return d.examine(id)
		}
		play.Damage(i)
	}
	return play, nil
}
