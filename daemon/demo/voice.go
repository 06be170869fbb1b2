package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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
	r, err := wav.NewReader(&out)
	if err != nil {
		return nil, fmt.Errorf("flite, voice %s: %w", p.Voice, err)
	}
	var samples []int16
	buf := make([]int16, 4096)
	for {
		n, err := r.Read(buf)
		samples = append(samples, buf[:n]...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("flite, voice %s: %w", p.Voice, err)
		}
	}
	t := resample(samples, float64(r.Format().Rate)*p.Pitch, rate)
	t.highPass()
	t.level(p.Level)
	return t, nil
}
