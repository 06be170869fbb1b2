package control

import (
	"context"
	"fmt"
	"time"
)

// Terminal is something that may pause lines by the API.
type Terminal struct {
	Name      string
	Lines     []string // names of lines
	Shows     string   // "token", "certificate" or both
	From      []string // addresses and networks that it may ask from; anywhere, if there are none
	Expires   time.Time
	LastUsed  time.Time
	LastFrom  string
	Heartbeat time.Duration // how often it promised to be heard; 0 for no promise
}

// Terminals lists what may pause lines by the API.
func (d *Desk) Terminals(ctx context.Context, a Actor) ([]Terminal, error) {
	if err := a.need(SeeStatus); err != nil {
		return nil, err
	}
	s, err := d.Recorder.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask the recorder: %w", err)
	}
	var all []Terminal
	for _, t := range s.Terminals {
		k := Terminal{
			Name: t.Name, Shows: t.Shows, From: t.From, Expires: t.Expires, LastUsed: t.LastUsed, LastFrom: t.LastFrom,
			Heartbeat: time.Duration(t.Heartbeat * float64(time.Second)),
		}
		for _, id := range t.Lines {
			name := string(id)
			for _, l := range s.Lines {
				if l.Line == id {
					name = l.Name
				}
			}
			k.Lines = append(k.Lines, name)
		}
		all = append(all, k)
	}
	return all, nil
}
