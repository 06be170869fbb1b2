package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"linevault/codec/wav"
)

// voices are those of Debian's flite. The same text gives the same bytes each time.
var voices = []string{"slt", "awb", "rms", "kal"}

// errNoFlite says what to do where the synthesiser is missing.
var errNoFlite = errors.New("the demonstration calls are spoken by flite, which is not installed: apt-get install flite")

// speak has text said in p's voice, at p's level, as a telephone line carries it.
func (p Party) speak(ctx context.Context, text string) (sound, error) {
	var out, problem bytes.Buffer
	cmd := exec.CommandContext(ctx, "flite", "-voice", p.Voice, "-t", text, "-o", "/dev/stdout")
	cmd.Stdout, cmd.Stderr = &out, &problem
	if err := cmd.Run(); errors.Is(err, exec.ErrNotFound) {
		return nil, errNoFlite
	} else if err != nil {
		return nil, fmt.Errorf("flite, voice %s: %w %s", p.Voice, err, strings.TrimSpace(problem.String()))
	}
	samples, format, err := wav.ReadAll(&out)
	if err != nil {
		return nil, fmt.Errorf("flite, voice %s: %w", p.Voice, err)
	}
	t := resample(samples, float64(format.Rate)*p.Pitch, rate)
	t.highPass()
	t.level(p.Level)
	return t, nil
}
