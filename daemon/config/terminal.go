package config

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"time"
)

func (c *Config) checkTerminals() *fault {
	for i, t := range c.Terminal {
		bad := func(key, format string, args ...any) *fault { return wrong("terminal", i, key, format, args...) }
		token, err := hex.DecodeString(t.TokenSHA256)
		switch {
		case t.Name == "":
			return bad("name", "a terminal needs a name: people will read it as who asked for a pause")
		case slices.ContainsFunc(c.Terminal[:i], func(o Terminal) bool { return o.Name == t.Name }):
			return bad("name", "there are two terminals %q", t.Name)
		case t.TokenSHA256 == "" && t.Certificate == "":
			return bad("token_sha256", "a terminal needs a token or a certificate; `linevault token` makes a token and shows its 64 hexadecimal digits")
		case t.TokenSHA256 != "" && (err != nil || len(token) != 32):
			return bad("token_sha256", "this is not 64 hexadecimal digits; `linevault token` makes a token and shows them")
		case t.Certificate != "" && c.API.ClientCA == "":
			return bad("certificate", "set api.client_ca to a PEM file of who signs such certificates")
		case t.Heartbeat != 0 && (time.Duration(t.Heartbeat) < time.Second || time.Duration(t.Heartbeat) > time.Hour):
			return bad("heartbeat", "%v is outside 1s to 1h", time.Duration(t.Heartbeat))
		}
		if _, err := t.Until(); err != nil {
			return bad("expires", "%q is not a day such as \"2027-03-31\"", t.Expires)
		}
		if _, err := t.Networks(); err != nil {
			return bad("from", "%v; write addresses such as \"192.168.4.7\" or networks such as \"192.168.4.0/24\"", err)
		}
		if f := c.linesExist("terminal", i, t.Lines); f != nil {
			return f
		}
	}
	return nil
}

// Until is the end of the last day on which a terminal may ask, zero if there is none.
func (t *Terminal) Until() (time.Time, error) {
	if t.Expires == "" {
		return time.Time{}, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, t.Expires, time.Local)
	if err != nil {
		return time.Time{}, err
	}
	return day.AddDate(0, 0, 1).Add(-time.Second), nil
}

// Networks are where a terminal may ask from. None is anywhere.
func (t *Terminal) Networks() ([]netip.Prefix, error) {
	var all []netip.Prefix
	for _, s := range t.From {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			a, err := netip.ParseAddr(s)
			if err != nil {
				return nil, err
			}
			p = netip.PrefixFrom(a, a.BitLen())
		}
		all = append(all, p.Masked())
	}
	return all, nil
}
