// Package linetest makes and reads line sounds for the tests of the signalling detectors. It
// shares no code with them.
package linetest

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// Rate is the sample rate of everything here.
const Rate = 8000

// Sound is audio in units of int16, not yet rounded or clipped.
type Sound []float64

// Amplitude is the peak of a sine at a level in dBm0; +3.14 dBm0 is full scale (ITU-T G.711).
func Amplitude(dbm0 float64) float64 { return 32768 * math.Pow(10, (dbm0-3.14)/20) }

// Silence appends ms of nothing.
func (s Sound) Silence(ms float64) Sound {
	return append(s, make(Sound, int(ms*Rate/1000))...)
}

// Tones appends sines of equal length: pairs of Hz and dBm0.
func (s Sound) Tones(ms float64, pairs ...float64) Sound {
	n := int(ms * Rate / 1000)
	for i := range n {
		var v float64
		for k := 0; k+1 < len(pairs); k += 2 {
			v += Amplitude(pairs[k+1]) * math.Sin(2*math.Pi*pairs[k]*float64(i)/Rate+float64(k))
		}
		s = append(s, v)
	}
	return s
}

// Noise adds white noise of a level in dBm0.
func (s Sound) Noise(dbm0 float64, seed uint64) Sound {
	r := rand.New(rand.NewPCG(seed, 1))
	rms := Amplitude(dbm0) / math.Sqrt2
	for i := range s {
		s[i] += r.NormFloat64() * rms
	}
	return s
}

// Gain changes the level.
func (s Sound) Gain(db float64) Sound {
	g := math.Pow(10, db/20)
	for i := range s {
		s[i] *= g
	}
	return s
}

// Mix adds o, repeated as often as need be, so that its RMS is at a level in dBm0.
func (s Sound) Mix(o []int16, dbm0 float64) Sound {
	var e float64
	for _, v := range o {
		e += float64(v) * float64(v)
	}
	if e == 0 {
		return s
	}
	g := Amplitude(dbm0) / math.Sqrt2 / math.Sqrt(e/float64(len(o)))
	for i := range s {
		s[i] += g * float64(o[i%len(o)])
	}
	return s
}

// PCM rounds and clips.
func (s Sound) PCM() []int16 {
	p := make([]int16, len(s))
	for i, v := range s {
		p[i] = int16(math.Round(min(max(v, math.MinInt16), math.MaxInt16)))
	}
	return p
}

// ReadWAV reads PCM16 at 8 or 16 kHz; 16 kHz is brought down to 8 kHz.
func ReadWAV(file string) ([]int16, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return parse(b)
}

func parse(b []byte) ([]int16, error) {
	if len(b) < 12 || string(b[:4]) != "RIFF" || string(b[8:12]) != "WAVE" {
		return nil, errors.New("not a WAV file")
	}
	var rate uint32
	for b = b[12:]; len(b) >= 8; {
		id, n := string(b[:4]), int(binary.LittleEndian.Uint32(b[4:]))
		n = min(n, len(b)-8)
		body := b[8 : 8+n]
		switch id {
		case "fmt ":
			if n < 16 || binary.LittleEndian.Uint16(body) != 1 || binary.LittleEndian.Uint16(body[2:]) != 1 || binary.LittleEndian.Uint16(body[14:]) != 16 {
				return nil, errors.New("not mono PCM16")
			}
			rate = binary.LittleEndian.Uint32(body[4:])
		case "data":
			p := make([]int16, n/2)
			for i := range p {
				p[i] = int16(binary.LittleEndian.Uint16(body[2*i:]))
			}
			switch rate {
			case Rate:
				return p, nil
			case 2 * Rate:
				return halve(p), nil
			}
			return nil, errors.New("neither 8 nor 16 kHz")
		}
		b = b[min(8+n+n%2, len(b)):]
	}
	return nil, errors.New("no data chunk")
}

// halve drops every second sample after a windowed-sinc low-pass.
func halve(p []int16) []int16 {
	const taps = 31
	var h [taps]float64
	for i := range h {
		x := float64(i-taps/2) * 0.46
		h[i] = 0.46 * (0.54 + 0.46*math.Cos(math.Pi*float64(i-taps/2)/(taps/2)))
		if x != 0 {
			h[i] *= math.Sin(math.Pi*x) / (math.Pi * x)
		}
	}
	out := make(Sound, 0, len(p)/2)
	for n := 0; n < len(p); n += 2 {
		var v float64
		for i, c := range h {
			if j := n + i - taps/2; j >= 0 && j < len(p) {
				v += c * float64(p[j])
			}
		}
		out = append(out, v)
	}
	return out.PCM()
}

// speech is where Debian packages put recordings of people talking: asterisk-core-sounds-*-wav
// (prompts in five languages) and codec2-examples.
var speech = []string{"/usr/share/asterisk/sounds", "/usr/share/codec2/wav"}

// notSpeech are recordings of tones and noise among them.
var notSpeech = map[string]bool{
	"beep.wav": true, "beeperr.wav": true, "ascending-2tone.wav": true, "descending-2tone.wav": true, "vm-dingdong.wav": true,
}

// Speech calls use with every recording of speech that is installed; it skips, and says
// so, where there is none.
func Speech(t testing.TB, use func(file string, pcm []int16)) {
	t.Helper()
	found := map[[sha256.Size]byte]bool{} // some prompts are the same in every language
	for _, dir := range speech {
		err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
			if e != nil && e.IsDir() && e.Name() == "silence" {
				return filepath.SkipDir
			}
			if err != nil || e.IsDir() || filepath.Ext(path) != ".wav" || notSpeech[e.Name()] {
				return nil //nolint:nilerr // A folder that is not there holds no speech.
			}
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			id := sha256.Sum256(b)
			if pcm, err := parse(b); err == nil && !found[id] {
				found[id] = true
				use(path, pcm)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(found) == 0 {
		t.Skip("SKIPPED: no speech installed; apt-get install asterisk-core-sounds-en-wav codec2-examples")
	}
}

// Resample plays p at another speed, by linear interpolation: other voices for nothing.
func Resample(p []int16, speed float64) []int16 {
	out := make([]int16, 0, int(float64(len(p))/speed)+1)
	for at := 0.0; int(at)+1 < len(p); at += speed {
		i := int(at)
		f := at - float64(i)
		out = append(out, int16(float64(p[i])*(1-f)+float64(p[i+1])*f))
	}
	return out
}
