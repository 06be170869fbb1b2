package api

import (
	"fmt"
	"time"
)

// notice is how long before a terminal may not ask any more there is an alarm.
const notice = 14 * 24 * time.Hour

// expiries raises an alarm for each terminal that may not ask soon, or any more.
func (a *API) expiries(now time.Time) {
	for _, t := range a.terminals {
		key := "expires " + t.Name
		switch {
		case t.Expires.IsZero() || t.Expires.Sub(now) > notice:
			a.Health.Clear(key)
		case now.After(t.Expires):
			a.Health.Raise(key, "", fmt.Sprintf(
				"terminal %s may not ask since %s: it pauses nothing; make another token for it, or take it out of the configuration", t.Name, t.Expires.Format("2 January 2006")))
		default:
			a.Health.Raise(key, "", fmt.Sprintf(
				"terminal %s may ask until %s only: make another token for it, and set a later \"expires\"", t.Name, t.Expires.Format("2 January 2006")))
		}
	}
}
