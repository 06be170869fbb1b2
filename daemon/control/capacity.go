package control

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"linevault/storage"
	"linevault/storage/ledger"
)

// space is what is known of the disk, as of the last look.
type space struct {
	mu       sync.Mutex // guards what follows
	forecast *storage.Forecast
	warned   int    // the threshold that was entered in the ledger, in days; 0 for none
	alarm    string // of the recorder, about its disk
}

// spaceAlarm is the key of the recorder's alarm about its disk.
const spaceAlarm = "disk space"

// WatchSpace looks how long the disk lasts, and what the recorder says of it; what is new it
// enters in the ledger. The desk does so each minute.
func (d *Desk) WatchSpace(ctx context.Context) error {
	f, err := d.foresee()
	if err != nil {
		return err
	}
	threshold := 0
	for _, n := range d.WarnDays {
		if !f.Lasts && f.Days <= n && (threshold == 0 || n < threshold) {
			threshold = n
		}
	}
	alarm := ""
	if now, err := d.Recorder.Status(ctx); err == nil {
		for _, a := range now.Alarms {
			if a.Key == spaceAlarm {
				alarm = a.Text
			}
		}
	}
	s := &d.space
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forecast = f
	var news []ledger.Event
	raise := d.Health.Raise
	if threshold != 0 && (s.warned == 0 || threshold < s.warned) {
		raise = d.Health.Worsen // each day that people are to be told at is told
		news = append(news, ledger.Event{Kind: "disk warning", Text: FullWords(f)})
		d.Log.Warn("the disk fills up", "days", f.Days, "free", f.Free)
	}
	if kindOf(alarm) != kindOf(s.alarm) {
		text := alarm
		if text == "" {
			text = "the disk has room again; recording is as usual"
		}
		news = append(news, ledger.Event{Kind: spaceAlarm, Text: text})
	}
	s.warned, s.alarm = threshold, alarm
	switch {
	case d.Health == nil:
	case threshold != 0 && alarm == "":
		raise("disk forecast", "", "the disk fills up: "+FullWords(f))
	default: // there is room, or the recorder has an alarm on
		d.Health.Clear("disk forecast")
	}
	for _, e := range news {
		if err := d.write(e); err != nil {
			return err
		}
	}
	return nil
}

// kindOf is an alarm without its figures.
func kindOf(alarm string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, alarm)
}

func (d *Desk) foresee() (*storage.Forecast, error) {
	room, err := storage.DiskRoom(d.Dir)
	if err != nil {
		return nil, err
	}
	room.Reserve = d.StopBelow
	return storage.Foresee(d.Dir, d.Policies, room, d.Now())
}

// Forecast is how long the disk lasts.
func (d *Desk) Forecast(a Actor) (*storage.Forecast, error) {
	if err := a.need(SeeStatus); err != nil {
		return nil, err
	}
	return d.foresee()
}

// FullWords says in a sentence how long a disk lasts.
func FullWords(f *storage.Forecast) string {
	rough := ""
	if f.Rough {
		rough = ", going by less than a day of calls"
	}
	switch {
	case f.Lasts:
		return fmt.Sprintf("it lasts for more than %d years at the present rate%s", f.Days/365, rough)
	case f.Days == 0:
		return "it is full, or will be within a day"
	}
	return fmt.Sprintf("it is full in %s at the present rate, on %s%s", count(f.Days, "day", "days"), f.Full.Format("2 January 2006"), rough)
}

// spaceNotices are what somebody must know of the disk, on every page.
func (d *Desk) spaceNotices(a Actor) (list []Notice) {
	d.space.mu.Lock()
	defer d.space.mu.Unlock()
	s := &d.space
	if s.alarm != "" && (a.May(SeeLines) || a.May(SeeStatus)) {
		n := Notice{Text: strings.ToUpper(s.alarm[:1]) + s.alarm[1:] + ".", Link: "/lines", Where: "Lines", Alarm: true}
		if a.May(SeeStatus) {
			n.Link, n.Where = "/status", "Status"
		}
		return []Notice{n}
	}
	if s.warned != 0 && a.May(SeeStatus) {
		return []Notice{{"The disk fills up: " + FullWords(s.forecast) + ".", "/status", "Status", s.warned == slices.Min(d.WarnDays)}}
	}
	return nil
}
