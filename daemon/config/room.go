package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// What a disk keeps free if the file does not say: a part of it, but no more than so much.
const (
	thinPart, thinMost = 0.05, 5e9
	stopPart, stopMost = 0.01, 500e6
)

// Room is below how many free bytes, on a disk of so many, speech is encoded with fewer bits,
// and below how many recording stops.
func (s *Storage) Room(disk int64) (thin, stop int64) {
	thin, stop = int64(min(thinPart*float64(disk), thinMost)), int64(min(stopPart*float64(disk), stopMost))
	if f, err := parseRoom(s.ThinBelow); err == nil && s.ThinBelow != "" {
		thin = f(disk)
	}
	if f, err := parseRoom(s.StopBelow); err == nil && s.StopBelow != "" {
		stop = f(disk)
	}
	return thin, stop
}

// parseRoom reads "2GB", "500MB" or "5%".
func parseRoom(s string) (func(disk int64) int64, error) {
	bad := fmt.Errorf("%q is not a size such as \"500MB\", \"2GB\" or \"5%%\"", s)
	for _, u := range []struct {
		unit string
		of   float64
	}{{"%", 0}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12}} {
		digits, is := strings.CutSuffix(s, u.unit)
		if !is {
			continue
		}
		v, err := strconv.ParseFloat(strings.TrimSpace(digits), 64)
		switch {
		case err != nil || v < 0 || math.IsNaN(v) || v*max(u.of, 1) > 1e18 || (u.of == 0 && v > 90):
			return nil, bad
		case u.of == 0:
			return func(disk int64) int64 { return int64(v / 100 * float64(disk)) }, nil
		}
		return func(int64) int64 { return int64(v * u.of) }, nil
	}
	return nil, bad
}

func (c *Config) checkRoom() *fault {
	for key, v := range map[string]string{"thin_below": c.Storage.ThinBelow, "stop_below": c.Storage.StopBelow} {
		if _, err := parseRoom(v); err != nil && v != "" {
			return wrong("storage", 0, key, "%v", err)
		}
	}
	const disk = 1e12
	if thin, stop := c.Storage.Room(disk); c.Storage.ThinBelow != "" && c.Storage.StopBelow != "" && stop >= thin {
		return wrong("storage", 0, "stop_below", "%s is not less than thin_below, which is %s", c.Storage.StopBelow, c.Storage.ThinBelow)
	}
	for _, n := range c.Storage.WarnDays {
		if n < 1 || n > 365 {
			return wrong("storage", 0, "warn_days", "%d is outside 1 to 365", n)
		}
	}
	return nil
}
