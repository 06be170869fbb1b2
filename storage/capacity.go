package storage

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"linevault/storage/keys"
	"linevault/storage/segment"
)

// Use is what the calls of a class take on the disk.
type Use struct {
	Class string `json:"class"`
	Bytes int64  `json:"bytes"` // now
	Daily int64  `json:"daily"` // bytes that come each day
	Days  int    `json:"days"`  // that Daily was taken from
}

// Forecast is how long the disk of a store lasts at the present rate.
type Forecast struct {
	At time.Time `json:"at"`
	Room
	Daily   int64 `json:"daily"` // bytes that come each day, before what expires
	Classes []Use `json:"classes"`
	// Lasts says that the disk is not full within Horizon, because what expires makes room.
	Lasts bool      `json:"lasts"`
	Days  int       `json:"days"` // whole days until then; Horizon if it lasts
	Full  time.Time `json:"full,omitzero"`
	// Rough says that less than a day of recordings was there to go by.
	Rough bool `json:"rough,omitempty"`
}

// Horizon is how many days a Forecast looks ahead.
const Horizon = 5 * 365

// rateDays is how many of the newest whole days the rate is taken from: four weeks, so that
// weekends count for what they are.
const rateDays = 28

// Room is how much room a disk has, in bytes.
type Room struct {
	Disk    int64 `json:"disk"`
	Free    int64 `json:"free"`
	Reserve int64 `json:"reserve"` // recording stops when less is free
}

// DiskRoom is the room that the disk of a folder has.
func DiskRoom(dir string) (Room, error) {
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		return Room{}, fmt.Errorf("look at the disk of %s: %w", dir, err)
	}
	return Room{Free: int64(disk.Bavail) * disk.Bsize, Disk: int64(disk.Blocks) * disk.Bsize}, nil
}

// Foresee forecasts how long a disk lasts, if calls of a store keep coming as they did and
// expire as the policies say. It reads names and sizes, and opens nothing.
func Foresee(dir string, policies []Policy, room Room, now time.Time) (*Forecast, error) {
	f := &Forecast{At: now.UTC(), Room: room}
	sizes, err := periodSizes(dir)
	if err != nil {
		return nil, err
	}
	f.rates(sizes, now)
	f.run(sizes, policies, now)
	return f, nil
}

// periodSizes is how many bytes each period takes in segments.
func periodSizes(dir string) (map[period]int64, error) {
	list, err := os.ReadDir(filepath.Join(dir, segmentsDir))
	if err != nil {
		return nil, folderError(dir, err)
	}
	sizes := map[period]int64{}
	for _, e := range list {
		n, err := segment.ParseName(e.Name())
		if err != nil {
			continue // none of ours
		}
		info, err := e.Info()
		if errors.Is(err, os.ErrNotExist) {
			continue // it expired meanwhile
		}
		if err != nil {
			return nil, folderError(dir, err)
		}
		sizes[period{n.Class, keys.Day(n.Day)}] += taken(info)
	}
	return sizes, nil
}

// taken is how many bytes of a file take room: the active segment is longer than what it holds.
func taken(info os.FileInfo) int64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return min(info.Size(), s.Blocks*512)
	}
	return info.Size()
}

// rates finds what each class brings a day.
func (f *Forecast) rates(sizes map[period]int64, now time.Time) {
	today, since := keys.DayOf(now), keys.DayOf(now.AddDate(0, 0, -rateDays))
	classes := map[string]*Use{}
	first, recent := map[string]keys.Day{}, map[string]int64{}
	for p, n := range sizes {
		u := classes[p.class]
		if u == nil {
			u = &Use{Class: p.class}
			classes[p.class] = u
			first[p.class] = p.day
		}
		u.Bytes += n
		first[p.class] = min(first[p.class], p.day)
		if p.day >= since && p.day < today {
			recent[p.class] += n
		}
	}
	for class, u := range classes {
		u.Days = min(rateDays, daysBetween(first[class], today))
		if u.Days > 0 {
			u.Daily = recent[class] / int64(u.Days)
		} else {
			// It began today: as much again for the rest of the day, from an hour on.
			f.Rough = true
			gone := max(time.Hour, now.Sub(now.UTC().Truncate(24*time.Hour)))
			u.Daily = int64(float64(u.Bytes) * float64(24*time.Hour) / float64(gone))
		}
		f.Daily += u.Daily
		f.Classes = append(f.Classes, *u)
	}
	slices.SortFunc(f.Classes, func(a, b Use) int { return cmp.Compare(a.Class, b.Class) })
}

func daysBetween(from, to keys.Day) int {
	return int(dayEnd(to).Sub(dayEnd(from)).Round(24*time.Hour) / (24 * time.Hour))
}

// run goes day by day: what comes takes room, what expires makes some.
func (f *Forecast) run(sizes map[period]int64, policies []Policy, now time.Time) {
	most := map[string]Policy{}
	for _, p := range policies {
		if p.AtMost.N > 0 {
			most[p.Class] = p
		}
	}
	makes := make([]int64, Horizon+1) // room, by day from now
	expire := func(class string, day time.Time, n int64) {
		policy, ok := most[class]
		if !ok {
			return
		}
		if in := int(policy.over(day).Sub(now)/(24*time.Hour)) + 1; in > 0 && in <= Horizon {
			makes[in] += n
		}
	}
	for p, n := range sizes {
		if policy, ok := most[p.class]; ok && policy.over(dayEnd(p.day)).After(now) { // what is past it is kept for a reason
			expire(p.class, dayEnd(p.day), n)
		}
	}
	for _, u := range f.Classes {
		for d := range Horizon {
			if u.Daily > 0 {
				expire(u.Class, now.AddDate(0, 0, d), u.Daily)
			}
		}
	}
	free := f.Free
	for d := range Horizon {
		free += makes[d] - f.Daily
		if free < f.Reserve {
			f.Days, f.Full = d, now.UTC().AddDate(0, 0, d)
			return
		}
	}
	f.Days, f.Lasts = Horizon, true
}
