package codectest

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"linevault/codec/wav"
)

// prompts is where Debian's asterisk-core-sounds-*-wav put recorded speech at 8 kHz.
const prompts = "/usr/share/asterisk/sounds/*/*.wav"

// Speech is at least n samples of real speech at 8 kHz, always the same. Without the package
// that has it, the test is skipped, loudly.
func Speech(t testing.TB, n int) []int16 {
	t.Helper()
	names, err := filepath.Glob(prompts)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	var all []int16
	for _, name := range names {
		if info, err := os.Stat(name); err != nil || info.Size() < 30000 {
			continue // single words and beeps
		}
		one, _, err := wav.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one...)
		if len(all) >= n {
			return all
		}
	}
	t.Skip("NOT PROVED: too little recorded speech is installed (apt install asterisk-core-sounds-en-wav)")
	return nil
}
