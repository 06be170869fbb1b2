package config

import "time"

// Manual is how long people may pause the line by hand, 0 for not at all.
func (l *Line) Manual() time.Duration {
	if !l.ManualPause {
		return 0
	}
	return time.Duration(*l.ManualLimit)
}
