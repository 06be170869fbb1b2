package gpio

import (
	"context"
	"errors"
	"io"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"periph.io/x/conn/v3/gpio"
	"periph.io/x/conn/v3/gpio/gpiotest"

	"linevault/codec/pcm"
	"linevault/hal"
)

// bench is a contact on a pretended pin, in a bubble where time is pretended, too.
type bench struct {
	t       *testing.T
	pin     *gpiotest.Pin
	contact *contact
	start   time.Time
}

func newBench(t *testing.T, p gpio.PinIn, fake *gpiotest.Pin, c Config) *bench {
	b := &bench{t: t, pin: fake, start: time.Now()}
	c.Pin = "PAUSE_A"
	now := func() pcm.Mono { return pcm.Mono(time.Since(b.start)) }
	b.contact = watch(&anyPin{pin: p, pull: c.pull(), now: now}, c, now)
	return b
}

// on runs f with a contact between pin and ground, open to begin with.
func on(t *testing.T, c Config, f func(b *bench)) {
	synctest.Test(t, func(t *testing.T) {
		p := &gpiotest.Pin{N: "PAUSE_A", EdgesChan: make(chan gpio.Level)}
		b := newBench(t, p, p, c)
		defer b.contact.Close()
		synctest.Wait()
		f(b)
	})
}

// at moves the pin at an instant.
func (b *bench) at(ms int, l gpio.Level) {
	b.t.Helper()
	time.Sleep(time.Until(b.start.Add(time.Duration(ms) * time.Millisecond)))
	b.pin.EdgesChan <- l
	synctest.Wait()
}

// edge is an edge in milliseconds.
type edge struct {
	ms     int
	closed bool
}

// want takes all edges there are once time has gone by.
func (b *bench) want(until int, want ...edge) {
	b.t.Helper()
	time.Sleep(time.Until(b.start.Add(time.Duration(until) * time.Millisecond)))
	synctest.Wait()
	var got []edge
	for len(b.contact.queue.items) > 0 {
		e, err := b.contact.Wait(b.t.Context())
		if err != nil {
			b.t.Errorf("waiting: %v", err)
		}
		got = append(got, edge{int(time.Duration(e.At) / time.Millisecond), e.Closed})
	}
	if !reflect.DeepEqual(got, want) {
		b.t.Errorf("edges %v, want %v", got, want)
	}
}

func TestFirstTellsState(t *testing.T) {
	for _, test := range []struct {
		name   string
		config Config
		closed bool
	}{
		{"open", Config{}, false}, // a pulled-up pin that nothing grounds
		{"normally closed, wire cut", Config{NormallyClosed: true}, true},
		{"active high", Config{ActiveHigh: true}, false},
		{"active high, normally closed, wire cut", Config{ActiveHigh: true, NormallyClosed: true}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			on(t, test.config, func(b *bench) { b.want(0, edge{0, test.closed}) })
		})
	}
}

func TestDebounce(t *testing.T) {
	const closes, opens = gpio.Low, gpio.High
	type move struct {
		ms    int
		level gpio.Level
	}
	for _, test := range []struct {
		name  string
		moves []move
		want  []edge
	}{
		{"clean", []move{{100, closes}, {300, opens}}, []edge{{100, true}, {300, false}}},
		{"closing bounces", []move{{100, closes}, {102, opens}, {103, closes}, {300, opens}}, []edge{{100, true}, {300, false}}},
		// The opening counts from its last bounce, never from its first.
		{"opening bounces", []move{{100, closes}, {300, opens}, {304, closes}, {309, opens}}, []edge{{100, true}, {309, false}}},
		{"opening bounces for long", []move{
			{100, closes}, {300, opens}, {340, closes}, {345, opens}, {390, closes}, {395, opens},
		}, []edge{{100, true}, {395, false}}},
		{"opens too briefly", []move{{100, closes}, {300, opens}, {349, closes}}, []edge{{100, true}}},
		{"closes briefly", []move{{100, closes}, {101, opens}}, []edge{{100, true}, {101, false}}},
		{"a pulse too short to be read", []move{{100, opens}}, []edge{{100, true}, {100, false}}},
		{"twice", []move{{100, closes}, {200, opens}, {260, closes}, {400, opens}}, []edge{{100, true}, {200, false}, {260, true}, {400, false}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			on(t, Config{}, func(b *bench) {
				b.want(0, edge{0, false})
				for _, m := range test.moves {
					b.at(m.ms, m.level)
				}
				b.want(2000, test.want...)
			})
		})
		// The same moves the other way round, on a contact that is wired the other way round.
		t.Run(test.name+", normally closed", func(t *testing.T) {
			on(t, Config{NormallyClosed: true, ActiveHigh: true}, func(b *bench) {
				b.at(1, gpio.High) // current flows: it does not ask
				b.want(60, edge{0, true}, edge{1, false})
				for _, m := range test.moves {
					b.at(m.ms, m.level)
				}
				b.want(2000, test.want...)
			})
		})
	}
}

// An edge that the kernel dropped is found by looking.
func TestLostEdge(t *testing.T) {
	on(t, Config{}, func(b *bench) {
		b.want(0, edge{0, false})
		_ = b.pin.Out(gpio.Low) // never fails on a pretended pin
		time.Sleep(look)
		e, err := b.contact.Wait(b.t.Context())
		if err != nil || !e.Closed || e.Lost != 1 {
			t.Errorf("%+v, %v, want a closing after a lost edge", e, err)
		}
		_ = b.pin.Out(gpio.High)
		began := b.contact.now()
		e, err = b.contact.Wait(b.t.Context())
		if err != nil || e.Closed || e.At <= began || b.contact.now() > began+pcm.Mono(look+DefaultDebounce) {
			t.Errorf("%+v, %v, want an opening soon after %v", e, err, began)
		}
	})
}

// broken is a pin whose driver may fail.
type broken struct {
	*gpiotest.Pin
	in, wait atomic.Bool // they fail
}

func (p *broken) In(pull gpio.Pull, e gpio.Edge) error {
	if p.in.Load() {
		return errors.New("device or resource busy")
	}
	return p.Pin.In(pull, e)
}

func (p *broken) WaitForEdge(d time.Duration) bool {
	return !p.wait.Load() && p.Pin.WaitForEdge(d)
}

// Read is what periph's drivers do when they cannot: they log, and say low.
func (p *broken) Read() gpio.Level {
	return gpio.Level(!p.wait.Load()) && p.Pin.Read()
}

func TestFailsClosed(t *testing.T) {
	for _, c := range []Config{{}, {NormallyClosed: true}, {ActiveHigh: true}, {ActiveHigh: true, NormallyClosed: true}} {
		synctest.Test(t, func(t *testing.T) {
			p := &broken{Pin: &gpiotest.Pin{N: "PAUSE_A", EdgesChan: make(chan gpio.Level)}}
			p.in.Store(true)
			b := newBench(t, p, p.Pin, c)
			defer b.contact.Close()
			fails := func(why string) {
				t.Helper()
				e, err := b.contact.Wait(t.Context())
				for e.Closed && err == nil { // a last reading, of a pin that was gone already
					e, err = b.contact.Wait(t.Context())
				}
				bad, is := errors.AsType[*hal.CardError](err)
				if !e.Closed || !is || bad.Hint == "" || !strings.Contains(err.Error(), why) {
					t.Errorf("%+v, %v, want it closed because %s", e, err, why)
				}
			}
			says := func(closed bool) {
				t.Helper()
				if e, err := b.contact.Wait(t.Context()); err != nil || e.Closed != closed {
					t.Errorf("%+v, %v, want closed %v", e, err, closed)
				}
			}
			quiet := func() {
				t.Helper()
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				if e, err := b.contact.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("%+v, %v, want nothing more", e, err)
				}
			}
			fails("busy")
			quiet() // the same failure is told once
			p.in.Store(false)
			says(true) // it can be read again, and is not believed yet
			if !c.NormallyClosed {
				says(false)
			}
			quiet()
			p.wait.Store(true)
			fails("does not wait for edges")
			quiet()
			p.wait.Store(false)
			says(true)
		})
	}
}

func TestClose(t *testing.T) {
	on(t, Config{}, func(b *bench) {
		b.want(0, edge{0, false})
		got := make(chan error)
		go func() {
			_, err := b.contact.Wait(b.t.Context())
			got <- err
		}()
		synctest.Wait()
		b.contact.Close()
		if err := <-got; !errors.Is(err, io.EOF) {
			t.Errorf("a wait that was under way: %v, want io.EOF", err)
		}
		if _, err := b.contact.Wait(b.t.Context()); !errors.Is(err, io.EOF) {
			t.Errorf("a wait after that: %v, want io.EOF", err)
		}
		if since := time.Since(b.start); since > look {
			t.Errorf("closing took %v", since)
		}
	})
}

// A reader that never comes costs openings, not closings.
func TestQueueErrsClosed(t *testing.T) {
	q := newQueue()
	for i := range 10 * queueLength {
		q.put(hal.Edge{At: pcm.Mono(i), Closed: i%2 == 0}, nil)
	}
	last := hal.Edge{At: -1}
	lost := 0
	for n := range queueLength {
		e, err := q.get(t.Context())
		if err != nil || e.At <= last.At || e.Closed == last.Closed {
			t.Fatalf("edge %d: %+v, %v, after %+v", n, e, err, last)
		}
		if n == 0 && e.At != 0 {
			t.Errorf("the first closing was lost: %+v", e)
		}
		last = e
		lost += e.Lost
	}
	if lost != 9*queueLength || last.At != 10*queueLength-1 {
		t.Errorf("%d edges were lost before %+v, want %d", lost, last, 9*queueLength)
	}
}

func TestOpenUnknownPin(t *testing.T) {
	_, err := Open(Config{Pin: "NO_SUCH_PIN"})
	bad, is := errors.AsType[*hal.CardError](err)
	if !is || bad.Hint == "" || !strings.Contains(err.Error(), "contact NO_SUCH_PIN: there is no such pin") {
		t.Errorf("%v, want a *hal.CardError with a hint", err)
	}
}
