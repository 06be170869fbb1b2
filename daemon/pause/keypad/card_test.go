package keypad

import (
	"math/rand/v2"
	"testing"
	"time"
)

func TestCard(t *testing.T) {
	const visa, amex = "4111111111111111", "378282246310005"
	for _, r := range []struct {
		name  string
		legs  int
		dial  func(*tape)
		found bool
		from  time.Duration
		to    time.Duration
	}{
		{"keyed by the outside party", 2, func(l *tape) { l.dial(1, visa, time.Second, 2000) }, true, time.Second, 3480 * time.Millisecond},
		{"its check digit misheard", 2, func(l *tape) { l.dial(1, "4111111111111112", time.Second, 2000) }, true, time.Second, 3480 * time.Millisecond},
		{"keyed by the agent", 2, func(l *tape) { l.dial(0, amex, time.Second, 2000) }, true, time.Second, 3320 * time.Millisecond},
		{"a telephone number that the agent dials", 2, func(l *tape) { l.dial(0, "004933123456781", time.Second, 2000) }, false, 0, 0},
		{"twelve digits", 2, func(l *tape) { l.dial(1, "411111111111", time.Second, 2000) }, false, 0, 0},
		{"two numbers of seven digits", 2, func(l *tape) {
			l.dial(1, "4111111#1111111", time.Second, 2000)
		}, false, 0, 0},
		{"on a mixed line", 1, func(l *tape) { l.dial(0, visa, time.Second, 2000) }, true, time.Second, 3480 * time.Millisecond},
		{"and its code after a while", 2, func(l *tape) {
			l.dial(1, visa+"#", time.Second, 2000)
			l.dial(1, "123", 12*time.Second, 2000)
		}, true, time.Second, 12400 * time.Millisecond},
	} {
		t.Run(r.name, func(t *testing.T) {
			line := newTape(8000, r.legs, 20*time.Second)
			r.dial(line)
			spans := of(line.heard(t, New(line.format, codesUsual), 100*time.Millisecond), Card)
			if (len(spans) > 0) != r.found {
				t.Fatalf("cards %v", spans)
			}
			if !r.found {
				return
			}
			for i := 1; i < len(spans); i++ {
				if spans[i].From > spans[i-1].To {
					t.Errorf("%v does not follow on %v", spans[i], spans[i-1])
				}
			}
			from, to := line.format.Duration(spans[0].From), line.format.Duration(spans[len(spans)-1].To)
			if d := r.from - from; d < 0 || d > 50*time.Millisecond {
				t.Errorf("it begins at %v, want %v", from, r.from)
			}
			if d := to - r.to; d < -60*time.Millisecond || d > 60*time.Millisecond {
				t.Errorf("it ends at %v, want %v", to, r.to)
			}
		})
	}
}

// Luhn of the sums kept is Luhn of the digits, at every length.
func TestChecksAsLuhn(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	for range 2000 {
		var k run
		var digits []int
		for range fewest + r.IntN(most-fewest+1) {
			d := r.IntN(10)
			digits = append(digits, d)
			k.add(d)
		}
		sum := 0
		for i, d := range digits {
			if (len(digits)-i)%2 == 0 {
				if d *= 2; d > 9 {
					d -= 9
				}
			}
			sum += d
		}
		if k.checks() != (sum%10 == 0) {
			t.Fatalf("%d digits with the sum %d: %v", len(digits), sum, k.checks())
		}
	}
}

func TestValid(t *testing.T) {
	for code, want := range map[string]bool{"": true, "*#0": true, "**": true, "123": false, "*": false, "*A": false, "*12345678": false} {
		if Valid(code) != want {
			t.Errorf("%q is valid: %v", code, !want)
		}
	}
}
