package main

import (
	"context"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"linevault/codec/pcm"
	"linevault/codec/wipe"
	"linevault/daemon/capture"
	"linevault/daemon/config"
	"linevault/daemon/health"
	"linevault/daemon/hook"
	"linevault/daemon/private"
	"linevault/storage"
)

func recordVerb() *cobra.Command {
	var o boxOptions
	c := &cobra.Command{
		Use:         "record",
		Annotations: endsInOrder,
		Short:       "Run the recorder alone: cards, pauses and the active segments",
		Long:        "Run the recorder alone. `linevault run` does that, and starts it again when it ends.",
		Args:        usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			if err := wipe.Process(); err != nil {
				return err
			}
			ctx, stop := o.lifetime(c.Context())
			defer stop()
			return record(ctx, o)
		},
	}
	o.flags(c)
	return c
}

// backlog is how much sealed sound waits in memory while the disk stalls: a minute of all lines
// at least, each with both parties at 24 kbit/s, which is half as much again as they have.
func backlog(lines int) int64 {
	const minuteOfALine = 60 * 2 * 24000 / 8
	return max(storage.Backlog, int64(lines)*minuteOfALine)
}

// record runs the recorder until ctx ends.
func record(ctx context.Context, o boxOptions) error {
	cfg, err := config.Load(o.config)
	if err != nil {
		return coded{err, exitMustMend}
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil)).With("process", "recorder")
	board := health.NewBoard(log)
	w, err := storage.OpenWriter(o.dir, storage.WriterOptions{
		Backlog:   backlog(len(cfg.Line)),
		OnProblem: func(err error) { board.Raise("storage fault", "", err.Error()) },
	})
	if err != nil {
		return err
	}
	defer w.Close()
	calls, err := openAccount(o.dir, cfg, w, board)
	if err != nil {
		return err
	}
	cards, err := openCards(cfg, board, calls.over)
	if err != nil {
		return coded{err, exitMustMend}
	}
	defer closeCards(cards, log)
	lines, err := makeLines(cfg, cards, w, board)
	if err != nil {
		return err
	}
	contacts, err := openContacts(cfg)
	if err != nil {
		return coded{err, exitMustMend}
	}
	for _, c := range contacts {
		c.Arm(lines)
	}
	watcher := watchLines(cfg, lines, board)
	for _, l := range lines {
		l.Account = calls.book
	}
	secret, err := private.Open(o.dir)
	if err != nil {
		return coded{err, exitMustMend}
	}
	book, err := restorePauses(o.dir, secret, cfg, lines, board)
	if err != nil {
		return coded{err, exitMustMend}
	}
	defer book.Close() // the last to ask has been told already whether it was kept
	lamps := makeOutputs(o.config, cfg, lines, board)
	events, err := openSpool(hook.OfRecorder(o.dir), cfg, board)
	if err != nil {
		return coded{err, exitMustMend}
	}
	follow(lines, lamps.Changed, events)
	r := &capture.Recorder{Writer: w, Health: board, Log: log, Commit: time.Duration(cfg.Storage.Commit), Standing: book}
	if r.Space, err = openSpace(o.dir, cfg, w, board); err != nil {
		return err
	}
	for _, l := range lines {
		l.Space = r.Space
	}
	r.Start(lines)
	stopServers, err := startServers(o.dir, secret, cfg, r, w, board, log)
	if err != nil {
		return err
	}
	watching, unwatch := context.WithCancel(context.Background())
	var watchers sync.WaitGroup
	watchers.Go(func() { watcher.Run(watching) })
	for _, c := range contacts {
		watchers.Go(func() { r.Watch(watching, c) })
	}
	if lamps != nil {
		watchers.Go(func() { lamps.Run(watching) })
	}
	spooling, unspool := context.WithCancel(context.Background())
	defer unspool()
	var spool sync.WaitGroup
	if events != nil {
		spool.Go(func() { events.Run(spooling) })
	}
	log.Info("recording", "lines", len(lines), "cards", len(cards))
	<-ctx.Done()
	closeCards(cards, log) // lines reach their end; the gates drain in their own time
	calls.end()            // no card tells of a call any more
	r.Wait()               // everything recorded is committed; pauses are still taken meanwhile
	calls.book.Close()     // of all of it is known what became of it
	unwatch()              // no audio is left for a contact to cut
	watchers.Wait()
	for _, c := range contacts {
		if err := c.Input.Close(); err != nil {
			log.Error("contact closed", "contact", c.Name, "err", err)
		}
	}
	unspool() // nothing happens any more that could be told
	spool.Wait()
	stopServers() // last: until here every pause was answered
	return nil
}

func ids(names []string) []pcm.LineID {
	var all []pcm.LineID
	for _, n := range names {
		all = append(all, config.ID(n))
	}
	return all
}
