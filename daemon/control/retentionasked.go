package control

import (
	"encoding/json"
	"fmt"
	"time"

	"linevault/storage"
)

// moreSeen is where a request to go on keeps what who asked saw.
const moreSeen = "seen"

// seen is what was so when somebody asked to go on with retention.
type seen struct {
	Clock storage.Reading `json:"clock"`
	Calls int             `json:"calls"` // past their term
}

// look is what is so now.
func (d *Desk) look() (seen, *storage.Plan, error) {
	now, err := d.Clock()
	if err != nil {
		return seen{}, nil, err
	}
	plan, err := d.Store.Plan(d.Policies, now.Wall)
	if err != nil {
		return seen{}, nil, err
	}
	return seen{now, len(plan.Calls)}, plan, nil
}

func (s seen) String() string {
	b, err := json.Marshal(s)
	if err != nil {
		panic("control: " + err.Error()) // it has nothing that cannot be written
	}
	return string(b)
}

// stillSo says what has changed since somebody asked to go on, so that an approval would let go
// what neither of the two has seen: the time of day has moved otherwise than it goes by, or far
// more calls are past their term than come with the days.
func (d *Desk) stillSo(r storage.Request) error {
	var then seen
	if err := json.Unmarshal([]byte(r.More[moreSeen]), &then); err != nil {
		return &FormError{"confirm", "It is not known what was so when " + r.By + " asked. Refuse this, and have it asked for again."}
	}
	now, plan, err := d.look()
	if err != nil {
		return err
	}
	if err := now.Clock.Follows(then.Clock); err != nil {
		return &FormError{"confirm", fmt.Sprintf("Since %s asked, %s. Refuse this, see what the time is, and have it asked for again.", r.By, err)}
	}
	days := int(now.Clock.Wall.Sub(then.Clock.Wall)/(24*time.Hour)) + 1
	if usual := then.Calls + days*storage.Brake*plan.Usual; now.Calls > usual {
		return &FormError{"confirm", fmt.Sprintf("%d calls are past their term now, and there were %d when %s asked. "+
			"Refuse this, look at the retention classes, and have it asked for again.", now.Calls, then.Calls, r.By)}
	}
	return nil
}
