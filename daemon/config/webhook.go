package config

import (
	"net/netip"
	"net/url"
	"slices"

	"linevault/daemon/hook"
)

// Webhook is an address of another program that is told what happens.
type Webhook struct {
	Name       string   `toml:"name"`
	URL        string   `toml:"url"`
	SecretFile string   `toml:"secret_file"` // a file with the secret
	SecretEnv  string   `toml:"secret_env"`  // or a variable of the environment
	Events     []string `toml:"events"`      // all, if there are none
	Lines      []string `toml:"lines"`       // all, if there are none
	CA         string   `toml:"ca"`          // a PEM file: who signs its certificate; empty for those that the system trusts
}

func (c *Config) checkWebhooks() *fault {
	for i, h := range c.Webhook {
		bad := func(key, format string, args ...any) *fault { return wrong("webhook", i, key, format, args...) }
		switch {
		case h.Name == "":
			return bad("name", "a webhook needs a name: people will read it in alarms")
		case slices.ContainsFunc(c.Webhook[:i], func(o Webhook) bool { return o.Name == h.Name }):
			return bad("name", "there are two webhooks %q", h.Name)
		case !sendable(h.URL):
			return bad("url", "this is not an address that begins with https:// (http:// is for this machine itself)")
		case slices.ContainsFunc(c.Webhook[:i], func(o Webhook) bool { return o.URL == h.URL }):
			return bad("url", "there is another webhook for this address")
		case (h.SecretFile == "") == (h.SecretEnv == ""):
			return bad("secret_file", "name a file with the secret, or in secret_env a variable of the environment; `linevault token --webhook` makes a secret")
		}
		for _, e := range h.Events {
			if !slices.Contains(hook.Types, hook.Type(e)) {
				return bad("events", "%q is not one of %q", e, hook.Types)
			}
		}
		if len(h.Lines) > 0 {
			if f := c.linesExist("webhook", i, h.Lines); f != nil {
				return f
			}
		}
	}
	return nil
}

// sendable reports whether events may go to an address: encrypted, or within this machine.
func sendable(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	here := u.Hostname() == "localhost" || (err == nil && ip.IsLoopback())
	return u.Scheme == "https" || (u.Scheme == "http" && here)
}
