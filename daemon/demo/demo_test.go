package demo

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"linevault/codec/pcm"
	"linevault/codec/wav"
	"linevault/daemon/config"
)

// drama are the numbers that Ofcom keeps for television and radio drama.
var drama = regexp.MustCompile(`^(020 7946 0\d{3}|07700 900\d{3}|01632 960\d{3})$`)

func TestScripts(t *testing.T) {
	files, err := fs.Glob(scripts, "scripts/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	var used []string
	payments := map[string]int{}
	for _, l := range Lines {
		if !drama.MatchString(l.Number) {
			t.Errorf("line %s: %s is not a number for drama", l.ID, l.Number)
		}
		if got := string(config.ID(l.Name)); got != l.ID {
			t.Errorf("line %q will be called %s, not %s", l.Name, got, l.ID)
		}
		for _, name := range l.Scripts {
			s, _, err := load(name)
			if err != nil {
				t.Fatal(err)
			}
			if !drama.MatchString(s.Number) {
				t.Errorf("%s: %s is not a number for drama", name, s.Number)
			}
			for _, step := range s.Steps {
				if step.Do == PaymentBegins {
					payments[l.ID]++
				}
			}
			used = append(used, "scripts/"+name+".txt")
		}
	}
	slices.Sort(used)
	if !slices.Equal(used, files) {
		t.Errorf("scripts in use %v, scripts there are %v", used, files)
	}
	if len(payments) != 1 || payments[PaymentLine] == 0 {
		t.Errorf("payments by line: %v, want some on %s alone", payments, PaymentLine)
	}
}

// TestCardIsNoCard: the number that is read out can belong to nobody.
func TestCardIsNoCard(t *testing.T) {
	s, _, err := load("parking-fine")
	if err != nil {
		t.Fatal(err)
	}
	words := []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}
	found := false
	for _, step := range s.Steps {
		var digits []int
		for w := range strings.FieldsSeq(strings.ToLower(step.Text)) {
			if d := slices.Index(words, strings.Trim(w, ".,")); d >= 0 {
				digits = append(digits, d)
			}
		}
		if len(digits) != 16 {
			continue
		}
		found = true
		sum := 0
		for i, d := range digits {
			if i%2 == 0 {
				if d *= 2; d > 9 {
					d -= 9
				}
			}
			sum += d
		}
		if sum%10 == 0 {
			t.Errorf("%v passes the check that card numbers pass", digits)
		}
	}
	if !found {
		t.Error("no card number is read out")
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	const head = "title T\nnumber 07700 900001\nway in\nnear voice=slt\nfar voice=awb\n"
	for text, want := range map[string]string{
		head + "near: Hello.\nshout":       "line 7: \"shout\" is no heading and no step",
		head + "near:":                     "line 6: near says nothing",
		head + "wait long":                 `line 6: "long" is no number of seconds`,
		head + "keys far 12a":              "line 6: keys is followed by near or far",
		head + "ring 0":                    "line 6: ring is followed by 1 to 10",
		head + "payment ends":              "line 6: payments begin and end by turns",
		head + "payment begins\nnear: Hm.": "the payment does not end",
		head + "payment soon":              `line 6: payment begins or ends, not "soon"`,
		head:                               "nothing happens in it",
		strings.Replace(head, "way in", "way up", 1):      `line 3: way is in or out, not "up"`,
		strings.Replace(head, "voice=slt", "voice=bo", 1): `line 4: no voice "bo": there are slt, awb, rms, kal`,
		strings.Replace(head, "title T\n", "", 1):         "it needs title",
	} {
		if _, err := Parse("x", text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q in it", text, err, want)
		}
	}
}

// TestBuild speaks every call and listens to it by measurement.
func TestBuild(t *testing.T) {
	if testing.Short() {
		t.Skip("a dozen calls take ten seconds to speak")
	}
	if _, err := exec.LookPath("flite"); err != nil {
		t.Skip(errNoFlite)
	}
	dir := t.TempDir()
	var made []string
	if err := Build(t.Context(), dir, func(title string) { made = append(made, title) }); err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, l := range Lines {
		calls, err := Calls(dir, l.ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range calls {
			count++
			t.Run(c.Name, func(t *testing.T) { listen(t, dir, c) })
		}
	}
	if len(made) != count {
		t.Errorf("made %d calls of %d", len(made), count)
	}

	made = nil
	again := func() {
		if err := Build(t.Context(), dir, func(title string) { made = append(made, title) }); err != nil {
			t.Fatal(err)
		}
	}
	if again(); len(made) != 0 {
		t.Errorf("made again although nothing changed: %v", made)
	}
	before, err := os.ReadFile(filepath.Join(dir, "missed-bin.wav"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, "missed-bin.wav"), 1000); err != nil {
		t.Fatal(err)
	}
	if again(); !slices.Equal(made, []string{"A missed bin"}) {
		t.Errorf("made %v for one that was cut short", made)
	}
	after, err := os.ReadFile(filepath.Join(dir, "missed-bin.wav"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, after) {
		t.Error("the same script gave other samples")
	}
}

func listen(t *testing.T, dir string, c Call) {
	s, _, err := load(c.Name)
	if err != nil {
		t.Fatal(err)
	}
	all, format, err := wav.ReadFile(c.WAV(dir))
	if err != nil {
		t.Fatal(err)
	}
	if format != (pcm.Format{Rate: 8000, Legs: 2}) {
		t.Fatalf("format %+v", format)
	}
	var legs [2]sound
	for i, v := range all {
		legs[i%2] = append(legs[i%2], float64(v)/32768)
	}
	if c.Seconds < 25 || c.Seconds > 75 {
		t.Errorf("lasts %.1f s, want 25 to 75", c.Seconds)
	}
	for leg, sound := range legs {
		p := s.Party[leg]
		if got := 20 * math.Log10(activeRMS(sound)); math.Abs(got-p.Level) > 4 || got > -16 || got < -28 {
			t.Errorf("leg %d: speech at %.1f dBFS, want about %.1f", leg, got, p.Level)
		}
		want := p.floor()
		if leg == int(pcm.Near) && s.holds() {
			want += 20 * math.Log10(heldGain)
		}
		if got := quietest(sound); math.Abs(got-want) > 2 {
			t.Errorf("leg %d: the line at %.1f dBFS, want about %.1f", leg, got, want)
		}
	}
	for _, pay := range c.Payments {
		if pay.Ends-pay.Begins < 5 || pay.Ends > c.Seconds {
			t.Errorf("payment %+v in a call of %.1f s", pay, c.Seconds)
		}
	}
	// While one party speaks the other's leg has only its line.
	for i, leg := range legs {
		if c := correlation(leg, legs[1-i]); math.Abs(c) > 0.05 {
			t.Errorf("the legs are alike: correlation %.3f", c)
		}
	}
}

func (s *Script) holds() bool {
	return slices.ContainsFunc(s.Steps, func(step Step) bool { return step.Do == Hold })
}

// floor is the level of p's line when nobody speaks.
func (p Party) floor() float64 {
	sum := math.Pow(10, p.Noise/10)
	if p.Hum != 0 {
		sum += math.Pow(10, p.Hum/10)
	}
	return 10 * math.Log10(sum)
}

// quietest is the level of the quietest quarter of a second.
func quietest(t sound) float64 {
	const stretch = rate / 4
	low := math.Inf(1)
	for ; len(t) >= stretch; t = t[stretch:] {
		var sum float64
		for _, v := range t[:stretch] {
			sum += v * v
		}
		low = min(low, 10*math.Log10(sum/stretch))
	}
	return low
}

func correlation(a, b sound) float64 {
	var ab, aa, bb float64
	for i := range min(len(a), len(b)) {
		ab, aa, bb = ab+a[i]*b[i], aa+a[i]*a[i], bb+b[i]*b[i]
	}
	return ab / math.Sqrt(aa*bb)
}

func TestNoFlite(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if err := Build(t.Context(), t.TempDir(), func(string) {}); !errors.Is(err, errNoFlite) {
		t.Errorf("%v, want %v", err, errNoFlite)
	}
}

func TestConfig(t *testing.T) {
	c, err := config.Parse("demo.toml", Config(t.TempDir(), "secret"))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Line) != len(Lines) || len(c.Terminal) != 1 {
		t.Errorf("%d lines and %d terminals", len(c.Line), len(c.Terminal))
	}
}

func FuzzParse(f *testing.F) {
	for _, l := range Lines {
		for _, name := range l.Scripts {
			_, text, err := load(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(text))
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse("fuzz", text)
		if (s == nil) == (err == nil) {
			t.Fatalf("script %v, error %v", s, err)
		}
	})
}
