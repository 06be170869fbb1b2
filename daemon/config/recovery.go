package config

import (
	"linevault/storage/keys"
	"linevault/storage/keys/recovery"
)

// Recovery is who can bring the root key back when this box has lost it.
type Recovery struct {
	Needed    int         `toml:"needed"`    // how many of them together
	Recipient []Recipient `toml:"recipient"` // at most five
}

// Recipient is somebody who keeps an age identity, or a safe with one.
type Recipient struct {
	Name string `toml:"name"` // an office, better than a person: it lies in clear
	Key  string `toml:"key"`  // age1… or age1pq1…, as `linevault keys identity` prints it
}

// plan is what storage calls it.
func (r *Recovery) plan() *recovery.Plan {
	if r == nil {
		return nil
	}
	p := &recovery.Plan{Needed: r.Needed}
	for _, k := range r.Recipient {
		p.Recipients = append(p.Recipients, recovery.Recipient{Name: k.Name, Key: k.Key})
	}
	return p
}

// Keys is where the root key is to live, and who can bring it back. A file without a table
// [recovery] leaves that as it is.
func (c *Config) Keys() keys.Arrangement {
	return keys.Arrangement{Home: keys.Home(c.Storage.Root), Recovery: c.Recovery.plan()}
}

func (c *Config) checkRecovery() *fault {
	if h := keys.Home(c.Storage.Root); h != keys.Auto && h != keys.InTPM && h != keys.InFile {
		return wrong("storage", 0, "root", "%q is not \"auto\", \"tpm\" or \"file\"", c.Storage.Root)
	}
	p := c.Recovery.plan()
	if p == nil {
		return nil
	}
	for i, r := range p.Recipients {
		if err := (recovery.Plan{Needed: 1, Recipients: []recovery.Recipient{r}}).Check(); err != nil {
			return wrong("recovery.recipient", i, "key", "%v", err)
		}
	}
	if err := p.Check(); err != nil {
		return wrong("recovery", 0, "needed", "%v", err)
	}
	return nil
}
