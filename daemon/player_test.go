package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"linevault/daemon/config"
	"linevault/daemon/linetest"
	"linevault/hal/haltest/pulse"
)

// player is both people of one test, and the terminal.
type player struct {
	faulty
	t                       *testing.T
	rack                    *pulse.Rack
	first                   int // channel of the line
	cli, busy, mine, theirs []int16
	till                    *till
	token                   string
	stop                    context.CancelFunc // of what is being played
	played                  sync.WaitGroup
}

// play runs the test of one line to its end and judges its certificate.
func (p *player) play(b *box) {
	cmd := linevault("linetest", p.name, "--json", "--by", "Emrys", "--number", "020 7946 0123", "--data", b.dir)
	in, err1 := cmd.StdinPipe()
	out, err2 := cmd.StdoutPipe()
	cmd.Stderr = os.Stderr
	if err1 != nil || err2 != nil || cmd.Start() != nil {
		p.t.Errorf("%s: %v, %v", p.name, err1, err2)
		return
	}
	var cert linetest.Certificate
	tries, again := 0, false
	for d := json.NewDecoder(out); ; {
		var raw json.RawMessage
		if err := d.Decode(&raw); err == io.EOF {
			break
		} else if err != nil {
			p.t.Errorf("%s: %v", p.name, err)
			break
		}
		if strings.Contains(string(raw), `"outcome":`) {
			if err := json.Unmarshal(raw, &cert); err != nil {
				p.t.Error(err)
			}
			continue
		}
		var step linetest.Step
		if err := json.Unmarshal(raw, &step); err != nil {
			p.t.Error(err)
		}
		p.silence()
		switch _, fails := p.fails[step.ID]; {
		case step.State == linetest.Trouble && fails:
			fmt.Fprintln(in, "f")
		case step.State == linetest.Trouble && tries < patience:
			// A busy machine garbles what is played: a person would try again, too.
			tries++
			again = true
			fmt.Fprintln(in, "a")
		case step.State == linetest.Trouble:
			p.t.Errorf("%s: step %s: %s", p.name, step.ID, step.Advice)
			fmt.Fprintln(in, "f")
		case step.State == linetest.Doing && (again || step.ID != "number"):
			again = false
			p.act(step.ID, in)
		}
	}
	p.silence()
	in.Close()
	err := cmd.Wait()
	if (err != nil) != (p.fails != nil) || err != nil && cmd.ProcessState.ExitCode() != exitUnsound {
		p.t.Errorf("%s: the verb ended with %v", p.name, err)
	}
	for _, s := range cert.Steps {
		want, fails := p.fails[s.ID]
		if (s.State == linetest.Failed) != fails || !strings.Contains(s.Advice, want) {
			p.t.Errorf("%s: step %s: %s, %q %q; want it to fail: %v, %q", p.name, s.ID, s.State, s.Seen, s.Advice, fails, want)
		}
	}
}

// act does what a step asks for, until the next one.
func (p *player) act(step string, in io.Writer) {
	near, far := p.first, p.first+1
	if p.swapped {
		near, far = far, near
	}
	switch step {
	case "ring", "number":
		ring := p.theirs[:pulse.Rate]
		if p.number {
			ring = p.cli
		}
		p.sound(once, far, at(ring, -20))
	case "near":
		p.sound(loop, near, at(p.mine, p.near))
	case "far":
		if p.deaf {
			fmt.Fprintln(in, "f")
			return
		}
		p.sound(loop, far, at(p.theirs, -24))
	case "keys":
		p.sound(once, near, digits123())
	case "pause", "resume":
		method := map[string]string{"pause": "PUT", "resume": "DELETE"}[step]
		if !p.pauses {
			fmt.Fprintln(in, "f")
			return
		}
		path := "/v1/lines/" + string(config.ID(p.name)) + "/pause"
		for tries := 0; ; tries++ {
			status, a := p.till.ask(method, path, p.token, "")
			if status == http.StatusOK {
				break
			}
			if status != http.StatusServiceUnavailable || tries == patience { // a terminal asks again
				p.t.Errorf("%s: %s: %d %+v", p.name, step, status, a)
				break
			}
		}
	case "hangup":
		p.sound(loop, far, p.busy)
	}
}

type repeats bool

const (
	once repeats = false
	loop repeats = true
)

// sound plays something into a channel until it is told to stop.
func (p *player) sound(n repeats, channel int, s []int16) {
	channels := make([][]int16, 2*len(faults))
	channels[channel] = s
	ctx, stop := p.t.Context(), context.CancelFunc(nil)
	if n == loop {
		// People wait a moment before they begin: until then it is not clear who still speaks.
		channels[channel] = append(make([]int16, 3*pulse.Rate/2), slices.Repeat(s, 1+60*pulse.Rate/len(s))...)
		ctx, stop = context.WithCancel(ctx)
	}
	p.stop = stop
	p.played.Go(func() {
		if err := p.rack.Play(ctx, "lines12", channels); err != nil && ctx.Err() == nil {
			p.t.Errorf("%s: %v", p.name, err)
		}
	})
}

// silence ends what loops; what is played once may be heard to its end.
func (p *player) silence() {
	if p.stop != nil {
		p.stop()
		p.played.Wait()
	}
}

// at is s at a level in dBFS.
func at(s []int16, level float64) []int16 {
	var sum float64
	for _, v := range s {
		sum += float64(v) * float64(v)
	}
	gain := 32768 * math.Pow(10, level/20) / math.Sqrt(sum/float64(len(s)))
	out := make([]int16, len(s))
	for i, v := range s {
		out[i] = int16(min(max(gain*float64(v), -32768), 32767))
	}
	return out
}

// digits123 are the digits 1, 2 and 3, some times over.
func digits123() (s []int16) {
	for range 4 {
		for _, column := range []float64{1209, 1336, 1477} {
			for i := range pulse.Rate / 5 {
				x := 2 * math.Pi * float64(i) / pulse.Rate
				s = append(s, int16(4000*(math.Sin(697*x)+math.Sin(column*x))))
			}
			s = append(s, make([]int16, pulse.Rate/10)...)
		}
	}
	return s
}
