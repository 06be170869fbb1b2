package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// instant is a time in a call as a flag: 1m23.5s, or 1:23.5 and 1:02:03 as the pages show it.
type instant time.Duration

// String, Set and Type make it a flag.
func (i *instant) String() string { return time.Duration(*i).String() }

// Type is what kind of flag it is.
func (i *instant) Type() string { return "time" }

// Set reads it.
func (i *instant) Set(s string) error {
	if d, err := time.ParseDuration(s); err == nil {
		*i = instant(d)
		return nil
	}
	parts := strings.Split(s, ":")
	sum, ok := 0.0, len(parts) == 2 || len(parts) == 3
	for n, p := range parts {
		v, err := strconv.ParseFloat(p, 64)
		ok = ok && err == nil && v >= 0 && v < 1e6 && (n == 0 || v < 60) && (n == len(parts)-1 || !strings.Contains(p, "."))
		sum = sum*60 + v
	}
	if !ok {
		return fmt.Errorf("%q is no time in a call, such as 12s, 1m23.5s or 1:23.5", s)
	}
	*i = instant(time.Duration(sum*1e3+0.5) * time.Millisecond)
	return nil
}
