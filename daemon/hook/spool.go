package hook

import (
	"context"
	"crypto/hpke"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"linevault/codec/pcm"
	"linevault/storage/durable"
)

const (
	inMemory = 10_000 // events that wait for the disk
	inBatch  = 200    // events in one file
	onDisk   = 20_000 // files that wait for the desk
	gather   = 50 * time.Millisecond
	retry    = time.Second
)

// Board is where alarms are raised.
type Board interface {
	Raise(key string, line pcm.LineID, text string)
	Clear(key string)
}

// Spool is where a process tells: events on their way to its queue.
type Spool struct {
	queue  string
	health Board

	mu      sync.Mutex // guards what follows
	waiting []event
	last    id
	lost    int // events for which there was no room
	wake    chan struct{}
}

// OpenSpool makes a spool of a queue.
func OpenSpool(queue string, health Board) (*Spool, error) {
	if err := os.MkdirAll(queue, 0o700); err != nil {
		return nil, fmt.Errorf("webhooks: %w", err)
	}
	if err := sweep(queue); err != nil {
		return nil, fmt.Errorf("webhooks: %w", err)
	}
	last, err := newest(queue)
	if err != nil {
		return nil, fmt.Errorf("webhooks: %w", err)
	}
	return &Spool{queue: queue, health: health, last: last, wake: make(chan struct{}, 1)}, nil
}

// Tell takes in an event. It does not wait.
func (s *Spool) Tell(t Type, at time.Time, d Data) {
	payload, err := json.Marshal(struct {
		Type Type      `json:"type"`
		At   time.Time `json:"timestamp"`
		Data Data      `json:"data"`
	}{t, at.UTC(), d})
	if err != nil {
		panic("hook: " + err.Error()) // it is made of strings and times
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = max(s.last+1, id(time.Now().UnixMicro())) // a clock that is set back does not make it smaller
	if len(s.waiting) == inMemory {
		s.waiting = s.waiting[1:]
		s.lost++
	}
	s.waiting = append(s.waiting, event{ID: s.last, Type: t, At: at.UTC(), Line: d.Line, Payload: payload})
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run writes events to the queue until ctx ends, and then what is left.
func (s *Spool) Run(ctx context.Context) {
	var key hpke.PublicKey
	for {
		select {
		case <-s.wake:
		case <-ctx.Done():
			for s.waits() && s.put(&key) == nil { // there is nobody left to tell of an error
			}
			return
		}
		wait := gather
		if ctx.Err() == nil {
			time.Sleep(gather) // what happens together is written together
			if err := s.put(&key); err != nil {
				s.health.Raise("webhooks", "", fmt.Sprintf("events for webhooks wait in memory: %v; they go on when the desk has started and the disk can be written", err))
				wait = retry
			} else {
				s.health.Clear("webhooks")
			}
		}
		if s.waits() {
			select {
			case <-time.After(wait):
			case <-ctx.Done():
			}
			select {
			case s.wake <- struct{}{}:
			default:
			}
		}
	}
}

func (s *Spool) waits() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.waiting) > 0
}

// put writes the oldest events as one file.
func (s *Spool) put(key *hpke.PublicKey) error {
	if *key == nil {
		k, err := publicKey(s.queue)
		if err != nil {
			return err
		}
		*key = k
	}
	s.mu.Lock()
	some := s.waiting[:min(len(s.waiting), inBatch)]
	s.mu.Unlock()
	if len(some) == 0 {
		return nil
	}
	plain, err := json.Marshal(some)
	if err != nil {
		return err
	}
	b := batch{some[0].ID, some[len(some)-1].ID}
	sealed, err := seal(*key, b.name(), plain)
	if err != nil {
		return err
	}
	if err := s.room(); err != nil {
		return err
	}
	if err := durable.Write(filepath.Join(s.queue, b.name()), sealed); err != nil {
		return err
	}
	s.mu.Lock()
	for len(s.waiting) > 0 && s.waiting[0].ID <= b.last {
		s.waiting = s.waiting[1:]
	}
	lost := s.lost
	s.mu.Unlock()
	if lost > 0 { // not before: that there is an alarm is told, too
		s.health.Raise("webhooks lost", "", fmt.Sprintf("%d events for webhooks were lost, because too many waited", lost))
	}
	return nil
}

// room makes room if the desk has been away for very long: the oldest go.
func (s *Spool) room() error {
	all, err := batches(s.queue)
	if err != nil {
		return err
	}
	for len(all) >= onDisk {
		if err := os.Remove(filepath.Join(s.queue, all[0].name())); err != nil {
			return err
		}
		s.health.Raise("webhooks lost", "", "the oldest events for webhooks were given up, because too many waited: see whether the desk runs")
		all = all[1:]
	}
	return nil
}
