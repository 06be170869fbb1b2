// Package config is the box's configuration: one TOML file, read strictly. A fault is told
// with its file, line and column, and what would be right.
package config

import (
	"fmt"
	"os"
	"time"

	"github.com/pelletier/go-toml/v2"
)

// Config is the whole file.
type Config struct {
	Site     Site       `toml:"site"`
	Web      Listener   `toml:"web"`
	API      Pausing    `toml:"api"`
	Storage  Storage    `toml:"storage"`
	Recovery *Recovery  `toml:"recovery"`
	Syslog   Syslog     `toml:"syslog"`
	Card     []Card     `toml:"card"`
	Line     []Line     `toml:"line"`
	Class    []Class    `toml:"class"`
	Schedule []Schedule `toml:"schedule"`
	DDI      []DDI      `toml:"ddi"`
	Contact  []Contact  `toml:"contact"`
	Output   []Output   `toml:"output"`
	Group    []Group    `toml:"group"`
	Webhook  []Webhook  `toml:"webhook"`
	Terminal []Terminal `toml:"terminal"`
}

// Site is whose box this is.
type Site struct {
	Name   string `toml:"name"`   // the council, as pages show it
	Colour string `toml:"colour"` // #rrggbb of the council
	// Contact is whom to tell about a page that cannot be used, as the accessibility
	// statement says it.
	Contact string `toml:"contact"`
	Demo    bool   `toml:"demo"` // the calls are made up, and every page says so
}

// Listener is where a server listens.
type Listener struct {
	Listen string `toml:"listen"` // address:port
}

// Pausing is where terminals ask for pauses.
type Pausing struct {
	Listen   string `toml:"listen"`    // address:port
	ClientCA string `toml:"client_ca"` // a PEM file: who signs terminals' certificates
}

// Storage is how recordings are kept.
type Storage struct {
	Commit Duration `toml:"commit"` // how often what is recorded is made durable
	Clock  string   `toml:"clock"`  // "ntp": retention waits for the kernel to say so; "trusted"
	// ScrubDays is within how many days everything stored is read again at night; 0 for never.
	ScrubDays int    `toml:"scrub_days"`
	Root      string `toml:"root"` // where the root key lives: "auto", "tpm" or "file"
	// How full the disk may become; Room says what they mean.
	ThinBelow string `toml:"thin_below"`
	StopBelow string `toml:"stop_below"`
	WarnDays  []int  `toml:"warn_days"` // before it is full
}

// Syslog is the server to which signed checkpoints of the ledger go, over TLS.
type Syslog struct {
	Address string `toml:"address"` // host:port; empty for none
	CA      string `toml:"ca"`      // a PEM file: who signs its certificate; empty for those that the system trusts
}

// Card is hardware with lines.
type Card struct {
	Name    string  `toml:"name"`
	Kind    string  `toml:"kind"`         // "analogue", "pri" or "replay"
	Device  string  `toml:"device"`       // analogue: a PortAudio input device, or a part of its name
	Rate    int     `toml:"rate"`         // analogue: samples per second, 8000 or 16000
	Network int     `toml:"network_span"` // pri: DAHDI's number of the span that hears what the network sends
	User    int     `toml:"user_span"`    // pri: of the one that hears what the switchboard sends
	Folder  string  `toml:"folder"`       // replay: where the scripts' sound is
	Speed   float64 `toml:"speed"`        // replay: 1 is real time
}

// Line is one tapped circuit. A time that may be none is a pointer.
type Line struct {
	Name        string    `toml:"name"`
	Number      string    `toml:"number"`
	Department  string    `toml:"department"`
	Card        string    `toml:"card"`
	Channels    []int     `toml:"channels"`     // of the card, from 1: one (mixed) or two (near, far)
	Script      []string  `toml:"script"`       // replay: the calls that come and go
	Start       Duration  `toml:"start"`        // replay: when the first one comes
	Extensions  []string  `toml:"extensions"`   // that it serves, as terminals ask for them
	Class       string    `toml:"class"`        // retention class
	Record      string    `toml:"record"`       // "all" calls, only those that come "in" or go "out", or "none"
	Schedule    string    `toml:"schedule"`     // when calls are recorded
	Open        string    `toml:"open"`         // the schedule of its opening hours, for silent_after
	SilentAfter Duration  `toml:"silent_after"` // without a call for so long within opening hours is an alarm; 0 for never
	Detect      string    `toml:"detect"`       // "voice" or "loop"
	Hangover    Duration  `toml:"hangover"`
	Minimum     Duration  `toml:"minimum"`
	Maximum     Duration  `toml:"maximum"`
	HoldBack    *Duration `toml:"hold_back"`
	GuardBefore *Duration `toml:"guard_before"`
	GuardAfter  *Duration `toml:"guard_after"`
	OnPause     string    `toml:"on_pause"`     // "resume" or "stop"
	PauseLimit  *Duration `toml:"pause_limit"`  // of a pause that named none; 0 for none
	OnLimit     string    `toml:"on_limit"`     // "stay" or "resume"
	PauseCode   *string   `toml:"pause_code"`   // what an agent dials to pause; "" for nothing
	ResumeCode  *string   `toml:"resume_code"`  // and to resume
	KeepKeypad  bool      `toml:"keep_keypad"`  // push-button digits stay in the recording
	ManualPause bool      `toml:"manual_pause"` // people may pause by hand, by the web and the console
	ManualLimit *Duration `toml:"manual_limit"` // for how long, before it is an alarm
	Complexity  int       `toml:"complexity"`
}

// Contact is a GPIO input.
type Contact struct {
	Name           string    `toml:"name"`
	Pin            string    `toml:"pin"` // by name or number
	Lines          []string  `toml:"lines"`
	Does           string    `toml:"does"` // "pause", "loop" or "ring"
	NormallyClosed bool      `toml:"normally_closed"`
	ActiveHigh     bool      `toml:"active_high"` // it reads high while current flows, as behind an opto-coupler
	Debounce       Duration  `toml:"debounce"`
	StuckAfter     *Duration `toml:"stuck_after"` // asking for longer is an alarm; 0 for never
}

// Terminal is something that may pause lines by the API.
type Terminal struct {
	Name        string   `toml:"name"`
	Lines       []string `toml:"lines"`
	TokenSHA256 string   `toml:"token_sha256"` // of the token that `linevault token` showed once
	Certificate string   `toml:"certificate"`  // the name in its client certificate
	From        []string `toml:"from"`         // addresses and networks that it may ask from
	Expires     string   `toml:"expires"`      // the last day on which it may ask
	Heartbeat   Duration `toml:"heartbeat"`    // how often it promises to be heard
}

// Duration is a time.Duration written as "500ms" or "8h".
type Duration time.Duration

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("%q is not a time such as \"500ms\", \"2s\" or \"8h\"", b)
	}
	*d = Duration(v)
	return nil
}

// MarshalText writes what UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// Default is what a file that says nothing means.
func Default() Config {
	return Config{
		Site:    Site{Name: "Linevault", Colour: "#1d70b8"},
		Web:     Listener{Listen: "127.0.0.1:8443"},
		API:     Pausing{Listen: "127.0.0.1:8444"},
		Storage: Storage{Commit: Duration(time.Second), Clock: "ntp", ScrubDays: 30, WarnDays: []int{30, 7, 2}, Root: "auto"},
	}
}

// Load reads and checks a file.
func Load(file string) (*Config, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return Parse(file, b)
}

// Parse checks the bytes of a file; name is for messages.
func Parse(name string, b []byte) (*Config, error) {
	c := Default()
	d := toml.NewDecoder(bytesReader(b)).DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return nil, describe(name, err)
	}
	c.complete()
	c.ungroup()
	if f := c.check(); f != nil {
		line, column := locate(b, f.path)
		return nil, fmt.Errorf("%s:%d:%d: %s", name, line, column, f.text)
	}
	return &c, nil
}

// complete fills in what a line or card did not say.
func (c *Config) complete() {
	for i := range c.Card {
		if k := &c.Card[i]; k.Rate == 0 {
			k.Rate = 8000
		}
		if k := &c.Card[i]; k.Kind == "replay" && k.Speed == 0 {
			k.Speed = 1
		}
	}
	for i := range c.Line {
		l := &c.Line[i]
		l.Class = or(l.Class, "standard")
		l.Record = or(l.Record, "all")
		l.Detect = or(l.Detect, c.usualDetect(l.Card))
		l.OnPause = or(l.OnPause, "resume")
		l.Hangover = or(l.Hangover, Duration(10*time.Second))
		l.Minimum = or(l.Minimum, Duration(400*time.Millisecond))
		l.Maximum = or(l.Maximum, Duration(8*time.Hour))
		l.HoldBack = or(l.HoldBack, new(Duration(2*time.Second)))
		l.GuardBefore = or(l.GuardBefore, new(Duration(500*time.Millisecond)))
		l.GuardAfter = or(l.GuardAfter, new(Duration(200*time.Millisecond)))
		l.PauseLimit = or(l.PauseLimit, new(Duration(10*time.Minute)))
		l.OnLimit = or(l.OnLimit, "stay")
		l.PauseCode = or(l.PauseCode, new("*#0"))
		l.ResumeCode = or(l.ResumeCode, new("*#1"))
		l.Complexity = or(l.Complexity, 5)
		l.ManualLimit = or(l.ManualLimit, new(Duration(5*time.Minute)))
	}
	c.completeRules()
	for i := range c.Contact {
		k := &c.Contact[i]
		k.Does = or(k.Does, "pause")
		k.Debounce = or(k.Debounce, Duration(50*time.Millisecond))
		k.StuckAfter = or(k.StuckAfter, new(Duration(15*time.Minute)))
	}
}

// usualDetect is how calls are found on a card's lines if the file does not say.
func (c *Config) usualDetect(card string) string {
	if k := c.card(card); k != nil && k.Kind == "pri" {
		return "loop"
	}
	return "voice"
}

func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
