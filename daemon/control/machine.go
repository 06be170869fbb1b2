package control

import (
	"fmt"
	"net"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"linevault/storage"
)

// Machine is the machine that the box runs on.
type Machine struct {
	Version, Host     string
	Addresses         []string // with their interface, such as "eth0 192.0.2.7/24"
	Time              time.Time
	Synchronised      bool  // the kernel says that the time of day is kept by NTP
	DiskFree, DiskAll int64 // bytes, of the data folder's disk
}

// Machine is the machine as it is now.
func (d *Desk) Machine(a Actor) (Machine, error) {
	if err := a.need(SeeStatus); err != nil {
		return Machine{}, err
	}
	m := Machine{Version: d.Version}
	clock, err := storage.ReadClock()
	if err != nil {
		return m, err
	}
	m.Time, m.Synchronised = clock.Wall, clock.Synced
	if m.Host, err = os.Hostname(); err != nil {
		return m, err
	}
	if m.Addresses, err = addresses(); err != nil {
		return m, fmt.Errorf("look at the network: %w", err)
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(d.Dir, &disk); err != nil {
		return m, fmt.Errorf("look at the disk of %s: %w", d.Dir, err)
	}
	m.DiskFree, m.DiskAll = int64(disk.Bavail)*disk.Bsize, int64(disk.Blocks)*disk.Bsize
	return m, nil
}

// addresses are those that others can reach the machine at.
func addresses() ([]string, error) {
	cards, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var all []string
	for _, card := range cards {
		if card.Flags&net.FlagLoopback != 0 || card.Flags&net.FlagUp == 0 {
			continue
		}
		list, err := card.Addrs()
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			all = append(all, card.Name+" "+a.String())
		}
	}
	slices.Sort(all)
	return all, nil
}
