package linetest

import (
	"encoding/binary"
	"testing"
)

// Split gives step p in pieces of n samples, the last of which may be shorter.
func Split(p []int16, n int, step func(piece []int16)) {
	for ; len(p) > 0; p = p[min(n, len(p)):] {
		step(p[:min(n, len(p))])
	}
}

// Seconds is the loop of a benchmark: it gives step p second by second, round and round.
func Seconds(b *testing.B, p []int16, step func(second []int16)) {
	at := 0
	for b.Loop() {
		step(p[at : at+Rate])
		at = (at + Rate) % (len(p) - Rate)
	}
}

// Minutes is ten minutes of speech or more, where as much is installed.
func Minutes(t testing.TB) (p []int16) {
	t.Helper()
	Speech(t, func(_ string, s []int16) {
		if len(p) < 600*Rate {
			p = append(p, s...)
		}
	})
	return p
}

// Fuzz gives step whatever bytes a fuzzer finds, as samples; p is one of its seeds.
func Fuzz(f *testing.F, p []int16, step func(t *testing.T, p []int16)) {
	f.Add([]byte{1, 2, 3})
	var seed []byte
	for _, v := range p {
		seed = binary.LittleEndian.AppendUint16(seed, uint16(v))
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, b []byte) {
		p := make([]int16, len(b)/2)
		for i := range p {
			p[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
		}
		step(t, p)
	})
}
