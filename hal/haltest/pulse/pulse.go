// Package pulse is a rack of line cards for tests: PulseAudio servers of the test's own, each
// with a null sink for a card. What is played into the sink is what PortAudio captures.
package pulse

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Rate is that of every card, in samples per second.
const Rate = 8000

// Card is one sink. PortAudio knows it by its name.
type Card struct {
	Name     string
	Channels int // at most 16
}

// Rack is a server for each card: one server would move a stream from a card that vanishes
// to another card, which no hardware does.
type Rack struct {
	dir     string
	cards   map[string]Card
	modules map[string]string // of a card that is plugged in, its module's number
}

// channelMap is ALSA's own order. A sink with any other is remixed by name, and what is
// captured is silence or a mixture.
var channelMap = []string{
	"front-left", "front-right", "rear-left", "rear-right", "front-center", "lfe", "side-left", "side-right",
	"aux0", "aux1", "aux2", "aux3", "aux4", "aux5", "aux6", "aux7",
}

// startLimit is how long a server may take to answer; a loaded machine needs some seconds.
const startLimit = 2 * time.Minute

// Start runs a rack for as long as the test, with all cards plugged in, and points ALSA at it
// by the environment, which child processes inherit. It skips the test where PulseAudio is not
// installed.
func Start(t testing.TB, cards ...Card) *Rack {
	t.Helper()
	for _, program := range []string{"pulseaudio", "pactl", "pacat"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("SKIPPED: NO CAPTURE WAS TESTED: %v; install pulseaudio, pulseaudio-utils and libasound2-plugins", err)
		}
	}
	// Not t.TempDir: the name of a test may make the socket's path longer than the 108
	// characters that the kernel allows.
	dir, err := os.MkdirTemp("", "rack")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	r := &Rack{dir: dir, cards: map[string]Card{}, modules: map[string]string{}}
	var alsa strings.Builder
	alsa.WriteString("</usr/share/alsa/alsa.conf>\n")
	for _, c := range cards {
		fmt.Fprintf(&alsa, "pcm.%s { type pulse server %q device %q hint { show on description %q } }\n",
			c.Name, r.server(c.Name), c.Name+".monitor", c.Name)
	}
	write(t, filepath.Join(dir, "alsa.conf"), alsa.String())
	t.Setenv("ALSA_CONFIG_PATH", filepath.Join(dir, "alsa.conf"))
	for _, c := range cards {
		r.cards[c.Name] = c
		r.run(t, c.Name)
		r.Plug(t, c.Name)
	}
	return r
}

func (r *Rack) socket(card string) string { return filepath.Join(r.dir, card+".sock") }
func (r *Rack) server(card string) string { return "unix:" + r.socket(card) }

// run starts a card's server and waits until it answers.
func (r *Rack) run(t testing.TB, card string) {
	t.Helper()
	home := filepath.Join(r.dir, card)
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(home, "card.pa")
	write(t, script, "load-module module-native-protocol-unix auth-anonymous=1 socket="+r.socket(card)+"\n")
	cmd := exec.Command("pulseaudio", "-n", "-F", script, "--daemonize=no", "--exit-idle-time=-1",
		"--use-pid-file=no", "--realtime=no", "--high-priority=no", "--disable-shm=yes")
	cmd.Env = append(os.Environ(), "HOME="+home, "PULSE_RUNTIME_PATH="+home)
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it is a test's own: there is nothing that it could lose
		_ = cmd.Wait()         // says that it was killed
	})
	for end := time.Now().Add(startLimit); ; time.Sleep(20 * time.Millisecond) {
		if r.pactl(card, "info").Run() == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("pulseaudio does not answer; it said:\n%s", &log)
		}
	}
}

// Plug makes a card that was unplugged appear again.
func (r *Rack) Plug(t testing.TB, card string) {
	t.Helper()
	c, known := r.cards[card]
	if !known || r.modules[card] != "" {
		t.Fatalf("no card %q to plug in", card)
	}
	// Without norewinds a sink that nobody plays into works in blocks of two seconds, which no
	// card does.
	out, err := r.pactl(card, "load-module", "module-null-sink", "norewinds=1", "sink_name="+c.Name,
		fmt.Sprintf("rate=%d", Rate), "format=s16le", fmt.Sprintf("channels=%d", c.Channels),
		"channel_map="+c.channelMap()).CombinedOutput()
	if err != nil {
		t.Fatalf("plugging in card %s: %v: %s", card, err, out)
	}
	r.modules[card] = strings.TrimSpace(string(out))
}

// Unplug makes a card vanish while it is in use.
func (r *Rack) Unplug(t testing.TB, card string) {
	t.Helper()
	if out, err := r.pactl(card, "unload-module", r.modules[card]).CombinedOutput(); err != nil {
		t.Fatalf("unplugging card %s: %v: %s", card, err, out)
	}
	delete(r.modules, card)
}

// Play plays channels into a card, in step, and returns when all has been played or ctx ends.
func (r *Rack) Play(ctx context.Context, card string, channels [][]int16) error {
	c := r.cards[card]
	n := 0
	for _, ch := range channels {
		n = max(n, len(ch))
	}
	raw := make([]byte, 2*n*c.Channels)
	for k, ch := range channels {
		for i, s := range ch {
			binary.LittleEndian.PutUint16(raw[2*(i*c.Channels+k):], uint16(s))
		}
	}
	cmd := exec.CommandContext(ctx, "pacat", "--server="+r.server(card), "--playback", "-d", card, "--raw", fmt.Sprintf("--rate=%d", Rate),
		"--format=s16le", fmt.Sprintf("--channels=%d", c.Channels), "--channel-map="+c.channelMap(), "--latency-msec=200")
	cmd.Stdin = bytes.NewReader(raw)
	if out, err := cmd.CombinedOutput(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("playing into card %s: %w: %s", card, err, out)
	}
	return nil
}

func (r *Rack) pactl(card string, args ...string) *exec.Cmd {
	return exec.Command("pactl", append([]string{"--server=" + r.server(card)}, args...)...)
}

func (c Card) channelMap() string { return strings.Join(channelMap[:c.Channels], ",") }

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
