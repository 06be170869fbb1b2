package pulse

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// prompts is where Debian's asterisk-core-sounds-en-wav puts real speech at 8 kHz.
const prompts = "/usr/share/asterisk/sounds/en_US_f_Allison"

// wavHeader is how long the header of each of those files is.
const wavHeader = 44

// Speech is n different prompts, each cut to the given number of samples. It skips the test
// where there are none.
func Speech(t testing.TB, n, samples int) [][]int16 {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(prompts, "*.wav"))
	if err != nil {
		t.Fatal(err)
	}
	var all [][]int16
	for _, name := range names {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(raw) < wavHeader+2*samples {
			continue
		}
		pcm := make([]int16, samples)
		for i := range pcm {
			pcm[i] = int16(binary.LittleEndian.Uint16(raw[wavHeader+2*i:]))
		}
		if all = append(all, pcm); len(all) == n {
			return all
		}
	}
	t.Skipf("SKIPPED: NO CAPTURE WAS TESTED: %d prompts in %s, %d are needed; install asterisk-core-sounds-en-wav",
		len(all), prompts, n)
	return nil
}

// Match finds a second of ref, from its middle, in x. It returns where ref begins in x and how
// well they correlate there: 1 is the same, 0 is nothing in common.
func Match(ref, x []int16) (begins int, correlation float64) {
	return match(ref, x, (len(ref)-window)/2)
}

// Find is as Match, and if the middle second has not come back so well it tries the others: a
// machine that has too much to do loses sound on its way through the sound server.
func Find(ref, x []int16, enough float64) (begins int, correlation float64) {
	begins, correlation = Match(ref, x)
	for from := 0; correlation < enough && from+window <= len(ref); from += window / 2 {
		if b, c := match(ref, x, from); c > correlation {
			begins, correlation = b, c
		}
	}
	return begins, correlation
}

// window is how much Match looks at: a second.
const window = Rate

func match(ref, x []int16, from int) (begins int, correlation float64) {
	const stride, promising = 16, 0.3
	if from < 0 || len(x) < window {
		return 0, 0
	}
	r := ref[from : from+window]
	energy := dot(r, r, 1)
	var own float64
	for _, v := range x[:window] {
		own += float64(v) * float64(v)
	}
	for lag := 0; lag+window <= len(x); lag++ {
		if lag > 0 {
			in, out := float64(x[lag+window-1]), float64(x[lag-1])
			own += in*in - out*out
		}
		norm := math.Sqrt(energy * own)
		if own < energy/1e4 || math.Abs(dot(r, x[lag:], stride))*stride < promising*norm {
			continue
		}
		if c := dot(r, x[lag:], 1) / norm; c > correlation {
			begins, correlation = lag-from, c
		}
	}
	return begins, correlation
}

func dot(r, x []int16, stride int) (sum float64) {
	for i := 0; i < len(r); i += stride {
		sum += float64(r[i]) * float64(x[i])
	}
	return sum
}
