package main

import (
	"fmt"

	"golang.org/x/sys/unix"

	"linevault/daemon/capture"
	"linevault/daemon/config"
	"linevault/daemon/health"
	"linevault/storage"
)

// openSpace watches the disk of the data folder, as the configuration says.
func openSpace(dir string, cfg *config.Config, w *storage.Writer, board *health.Board) (*capture.Space, error) {
	thin, stop, err := room(dir, cfg)
	return &capture.Space{Dir: dir, Thin: thin, Stop: stop, Writer: w, Health: board}, err
}

// room is what must be free on the disk of a folder.
func room(dir string, cfg *config.Config) (thin, stop int64, err error) {
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		return 0, 0, fmt.Errorf("look at the disk of %s: %w", dir, err)
	}
	thin, stop = cfg.Storage.Room(int64(disk.Blocks) * disk.Bsize)
	return thin, stop, nil
}
