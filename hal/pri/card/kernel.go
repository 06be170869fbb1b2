package card

import (
	"time"

	"linevault/hal/pri/dahdi"
)

// kernel is this machine's driver.
type kernel struct{ dahdi.Device }

var _ Device = kernel{}

func (k kernel) Open(number int, use dahdi.Use) (Channel, error) {
	c, err := k.Device.Open(number, use)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (k kernel) Wait(limit time.Duration, channels []Channel) error {
	all := make([]*dahdi.Channel, 0, len(channels))
	for _, c := range channels {
		if c, ok := c.(*dahdi.Channel); ok {
			all = append(all, c)
		}
	}
	return dahdi.Wait(limit, all...)
}
