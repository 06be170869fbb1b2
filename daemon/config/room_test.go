package config

import (
	"strings"
	"testing"
)

func TestRoom(t *testing.T) {
	for _, c := range []struct {
		thin, stop         string
		disk, wantT, wantS int64
	}{
		{"", "", 10e9, 500e6, 100e6},
		{"", "", 1e12, 5e9, 500e6},
		{"2GB", "500MB", 10e9, 2e9, 500e6},
		{"20%", "1.5 GB", 10e9, 2e9, 1.5e9},
		{"1TB", "0MB", 10e9, 1e12, 0},
	} {
		s := Storage{ThinBelow: c.thin, StopBelow: c.stop}
		if thin, stop := s.Room(c.disk); thin != c.wantT || stop != c.wantS {
			t.Errorf("%+v: %d and %d", c, thin, stop)
		}
	}
	for text, want := range map[string]string{
		"[storage]\nthin_below = \"much\"":                          "thin_below: \"much\" is not a size",
		"[storage]\nthin_below = \"95%\"":                           "thin_below:",
		"[storage]\nstop_below = \"-1GB\"":                          "stop_below:",
		"[storage]\nstop_below = \"NaN%\"":                          "stop_below:",
		"[storage]\nthin_below = \"1GB\"\nstop_below = \"2GB\"":     "stop_below: 2GB is not less than thin_below",
		"[storage]\nwarn_days = [30, 0]":                            "warn_days: 0 is outside",
		"[storage]\nwarn_days = [30, 7, 1]\nthin_below = \"500MB\"": "",
	} {
		_, err := Parse("box.toml", []byte(text))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}
