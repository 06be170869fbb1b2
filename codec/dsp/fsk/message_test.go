package fsk

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"unicode"
)

func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		message []byte
		want    Caller
	}{
		"all fields": {message, caller},
		"withheld":   {sealed(multiple, slices.Concat(field(dateTime, "01312359"), field(numberAbsent, "P"))...), Caller{Presentation: Withheld, When: "01312359"}},
		"unavailable": {
			sealed(multiple, slices.Concat(field(callType, "\x01"), field(numberAbsent, "O"), field(nameAbsent, "O"))...),
			Caller{Presentation: Unavailable, CallType: 1},
		},
		"nothing said":    {sealed(multiple), Caller{Presentation: Unavailable}},
		"withheld for us": {sealed(multiple, slices.Concat(field(number, "100"), field(numberAbsent, "P"))...), Caller{Number: "100", Presentation: Withheld}},
		"written with gaps": {
			sealed(multiple, field(number, "+44 1632-960 001")...),
			Caller{Number: "+441632960001", Presentation: Allowed},
		},
		"unsafe name":        {sealed(multiple, field(name, " \x1b[2JA\x00\xe9 ")...), Caller{Name: "[2JAé", Presentation: Unavailable}},
		"empty fields":       {sealed(multiple, slices.Concat(field(number, ""), field(callType, ""), field(numberAbsent, ""))...), Caller{Presentation: Unavailable}},
		"unknown field":      {sealed(multiple, slices.Concat(field(0x55, "??"), field(number, "1"))...), Caller{Number: "1", Presentation: Allowed}},
		"single":             {sealed(single, []byte("112123292125550123")...), Caller{Number: "2125550123", Presentation: Allowed, When: "11212329"}},
		"single withheld":    {sealed(single, []byte("11212329P")...), Caller{Presentation: Withheld, When: "11212329"}},
		"single unavailable": {sealed(single, []byte("11212329O")...), Caller{Presentation: Unavailable, When: "11212329"}},
		"more after it":      {append(slices.Clone(message), 1, 2, 3), caller},
	} {
		if got, err := Parse(c.message); err != nil || got != c.want {
			t.Errorf("%s: got %+v, %v; want %+v", name, got, err, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	wrong := slices.Clone(message)
	wrong[10]++
	for name, m := range map[string][]byte{
		"nothing":        nil,
		"no checksum":    message[:len(message)-1],
		"wrong checksum": wrong,
		"field too long": sealed(multiple, number, 5, '1'),
		"half a field":   sealed(multiple, number),
		"single, short":  sealed(single, []byte("1121")...),
		"bad date":       sealed(multiple, field(dateTime, "1131235x")...),
		"short date":     sealed(multiple, field(dateTime, "1131")...),
		"bad number":     sealed(multiple, field(number, "0163O")...),
		"single, letter": sealed(single, []byte("11212329X")...),
		"single, date":   sealed(single, []byte("1121232 P")...),
		"another type":   sealed(0x82, field(number, "1571")...),
	} {
		got, err := Parse(m)
		if err == nil {
			t.Errorf("%s: took it for %+v", name, got)
		} else if strings.ContainsAny(err.Error(), "3") {
			t.Errorf("%s: the error tells digits: %v", name, err)
		}
	}
}

// TestNumberNotLogged: a log shows at most the last two digits.
func TestNumberNotLogged(t *testing.T) {
	var b bytes.Buffer
	log := slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{} // its milliseconds may be 99
		}
		return a
	}}))
	log.Info("x", "number", caller.Number, "short", Number("99"))
	if strings.Contains(b.String(), "0163") || strings.Contains(b.String(), "99") {
		t.Errorf("logged %q", b.String())
	}
}

func FuzzMDMF(f *testing.F) {
	f.Add(message)
	f.Add(sealed(single, []byte("11212329P")...))
	f.Add(sealed(multiple, number, 200, 1))
	f.Fuzz(func(t *testing.T, m []byte) {
		// Most inputs would end at the checksum: it is mended for a second try.
		if len(m) > 255 {
			m = m[:255]
		}
		for _, m := range [][]byte{m, sealed(multiple, m...), sealed(single, m...)} {
			c, err := Parse(m)
			if err != nil {
				if c != (Caller{}) {
					t.Errorf("an error and a caller")
				}
				continue
			}
			if c.Presentation != Allowed && c.Presentation != Withheld && c.Presentation != Unavailable {
				t.Errorf("presentation %q", c.Presentation)
			}
			if c.Presentation == Allowed && c.Number == "" {
				t.Error("allowed, but no number")
			}
			if strings.ContainsFunc(c.Name+string(c.Number)+c.When, unicode.IsControl) {
				t.Errorf("control characters in %+v", c)
			}
		}
	})
}
