package main

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"linevault/daemon/api"
	"linevault/daemon/call"
	"linevault/daemon/capture"
	"linevault/daemon/config"
	"linevault/daemon/demo"
	"linevault/daemon/health"
	"linevault/daemon/link"
	"linevault/daemon/pause"
	"linevault/daemon/pause/keypad"
	"linevault/daemon/pause/standing"
	"linevault/daemon/private"
	"linevault/hal"
	"linevault/hal/analogue"
	"linevault/hal/analogue/signalling"
	"linevault/hal/gpio"
	"linevault/hal/pri/card"
	"linevault/hal/replay"
	"linevault/storage"
)

// openCards opens every card of the configuration. A card that is not there is waited for, as
// long as there is another: its lines say that they are lost.
func openCards(cfg *config.Config, board *health.Board, over func(config.Card, card.Over)) ([]hal.Card, error) {
	var cards []hal.Card
	var faults []error
	for _, k := range cfg.Card {
		c, err := openCard(cfg, k, board, false, over)
		if err != nil {
			faults = append(faults, err)
			if c, err = openCard(cfg, k, board, true, over); err != nil {
				continue
			}
		}
		cards = append(cards, c)
	}
	if len(faults) > 0 && len(faults) == len(cfg.Card) {
		for _, c := range cards {
			faults = append(faults, c.Close())
		}
		return nil, errors.Join(faults...)
	}
	return cards, nil
}

func openCard(cfg *config.Config, k config.Card, board *health.Board, absent bool, over func(config.Card, card.Over)) (hal.Card, error) {
	switch k.Kind {
	case "replay":
		return openReplay(cfg, k)
	case "pri":
		return openPRI(cfg, k, board, absent, over)
	}
	c := analogue.Config{Name: k.Name, Device: k.Device, Rate: k.Rate, Absent: absent}
	for _, l := range cfg.Line {
		if l.Card == k.Name {
			c.Lines = append(c.Lines, analogue.LineConfig{ID: config.ID(l.Name), Channels: l.Channels})
		}
	}
	return analogue.Open(c)
}

// openPRI opens a card of primary rate lines. What it finds out about the circuit becomes an alarm.
func openPRI(cfg *config.Config, k config.Card, board *health.Board, absent bool, over func(config.Card, card.Over)) (hal.Card, error) {
	c := card.Config{
		Name: k.Name, Network: k.Network, User: k.User, Absent: absent,
		Over: func(o card.Over) { over(k, o) },
		Tell: func(about, fact string) {
			key := fmt.Sprintf("card %s %s", k.Name, about)
			if fact == "" {
				board.Clear(key)
				return
			}
			board.Raise(key, "", fmt.Sprintf("card %s: %s", k.Name, fact))
		},
	}
	for _, l := range cfg.Line {
		if l.Card == k.Name {
			c.Lines = append(c.Lines, card.LineConfig{ID: config.ID(l.Name), Timeslot: l.Channels[0]})
		}
	}
	return card.Open(c)
}

func openReplay(cfg *config.Config, k config.Card) (hal.Card, error) {
	c := replay.Config{Name: k.Name, Speed: k.Speed}
	for _, l := range cfg.Line {
		if l.Card != k.Name {
			continue
		}
		line := replay.LineConfig{ID: config.ID(l.Name), Offset: time.Duration(l.Start)}
		for _, name := range l.Script {
			call, err := demo.ReadCall(k.Folder, name)
			if err != nil {
				return nil, fmt.Errorf("line %s: %w", l.Name, err)
			}
			line.Script = append(line.Script, replay.Call{
				WAV:    filepath.Join(k.Folder, name+".wav"),
				Gap:    time.Duration(call.Gap * float64(time.Second)),
				Number: call.Number, Direction: call.Direction,
			})
		}
		c.Lines = append(c.Lines, line)
	}
	return replay.Open(c)
}

func closeCards(cards []hal.Card, log *slog.Logger) {
	for _, c := range cards {
		if err := c.Close(); err != nil {
			log.Error("card closed", "err", err)
		}
	}
}

// makeLines makes the lines of all cards, as the configuration has them.
func makeLines(cfg *config.Config, cards []hal.Card, w *storage.Writer, board *health.Board) ([]*capture.Line, error) {
	var lines []*capture.Line
	for _, c := range cards {
		for _, src := range c.Lines() {
			for _, l := range cfg.Line {
				if config.ID(l.Name) != src.ID() {
					continue
				}
				line, err := makeLine(cfg, l, src, w, board)
				if err != nil {
					return nil, err
				}
				lines = append(lines, line)
			}
		}
	}
	return lines, nil
}

var onLimits = map[string]capture.OnLimit{"stay": capture.StayAtLimit, "resume": capture.ResumeAtLimit}

func makeLine(cfg *config.Config, l config.Line, src hal.Line, w *storage.Writer, board *health.Board) (*capture.Line, error) {
	o := call.Defaults(src.Format())
	o.Minimum, o.Hangover, o.Maximum = time.Duration(l.Minimum), time.Duration(l.Hangover), time.Duration(l.Maximum)
	if cardKind(cfg, l.Card) == "analogue" { // it signals by sound, if at all
		var err error
		if src, err = signalling.Listen(src); err != nil {
			return nil, fmt.Errorf("line %s: %w", l.Name, err)
		}
	}
	var d call.Detector = call.NewVoice(o)
	if l.Detect == "loop" {
		d = call.NewLoop(o)
	}
	decide := &rules{cfg: cfg, line: l, id: config.ID(l.Name), schedules: cfg.Schedules()}
	return capture.NewLine(capture.Setup{
		Source: src, Decide: decide.decide, Detector: d, Complexity: l.Complexity, Writer: w, Health: board,
		PauseLimit: time.Duration(*l.PauseLimit), OnLimit: onLimits[l.OnLimit], Manual: l.Manual(),
		Codes: keypad.Codes{Pause: *l.PauseCode, Resume: *l.ResumeCode}, KeepKeypad: l.KeepKeypad,
		Pause: pause.Policy{
			HoldBack: time.Duration(*l.HoldBack), GuardBefore: time.Duration(*l.GuardBefore),
			GuardAfter: time.Duration(*l.GuardAfter), Stop: l.OnPause == "stop",
		},
		Call: storage.Call{
			Name: l.Name, Department: l.Department, LineNumber: storage.Number(l.Number),
			Class: l.Class, Software: version, Demo: cfg.Site.Demo,
		},
		Wiring: link.Wiring{Card: l.Card, Kind: cardKind(cfg, l.Card), Channels: l.Channels, Detect: l.Detect, OnPause: l.OnPause},
	})
}

// cardKind is the kind of a card.
func cardKind(cfg *config.Config, name string) string {
	for _, k := range cfg.Card {
		if k.Name == name {
			return k.Kind
		}
	}
	return ""
}

// restorePauses opens the book of pauses that stand and pauses, before lines start, those that
// were paused when the recorder ended. If the book is damaged, any of them may have been.
func restorePauses(dir string, secret *private.Secret, cfg *config.Config, lines []*capture.Line, board *health.Board) (*standing.Book, error) {
	by := capture.Dialled()
	for _, t := range cfg.Terminal {
		by = append(by, api.Source(t.Name).Name)
	}
	known := slices.Clone(by)
	for _, l := range lines {
		known = append(known, string(l.Source.ID()))
	}
	book, found, intact, err := standing.Open(filepath.Join(dir, "pauses"), secret.Key("pauses"), known)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, who := range by {
		names[book.Opaque(who)] = who
	}
	for _, l := range lines {
		l.Standing = book
		if !intact {
			l.Restore(standing.Pause{}, "nobody knows: the list of pauses was damaged")
		}
		for _, p := range found {
			if p.Line == book.Opaque(string(l.Source.ID())) {
				l.Restore(p, names[p.By])
			}
		}
	}
	if !intact {
		board.Raise("pauses", "", "the list of pauses in the data folder was damaged, or the secret that it was written with is lost, so every line began paused; each records again with its next call")
	}
	return book, nil
}

// openContacts opens every contact of the configuration.
func openContacts(cfg *config.Config) ([]capture.Contact, error) {
	var all []capture.Contact
	for _, k := range cfg.Contact {
		in, err := gpio.Open(gpio.Config{
			Pin: k.Pin, NormallyClosed: k.NormallyClosed, ActiveHigh: k.ActiveHigh, Debounce: time.Duration(k.Debounce),
		})
		if err != nil {
			return nil, fmt.Errorf("contact %s: %w", k.Name, err)
		}
		all = append(all, capture.Contact{Name: k.Name, Input: in, Lines: ids(k.Lines), Loop: k.Does == "loop", Ring: k.Does == "ring", Stuck: time.Duration(*k.StuckAfter)})
	}
	return all, nil
}
