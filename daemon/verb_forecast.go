package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"linevault/daemon/config"
	"linevault/daemon/control"
	"linevault/storage"
)

func retentionForecastVerb() *cobra.Command {
	var r retention
	var asJSON bool
	c := &cobra.Command{
		Use:   "forecast",
		Short: "Say how long the disk lasts at the present rate",
		Long: `Say how long the disk lasts if calls keep coming as they did in the last four weeks, and expire
as the configuration says. When it fills up, speech is first kept with fewer bits, and recording
stops last; no call is ever destroyed for room. storage.thin_below, storage.stop_below and
storage.warn_days in the configuration say when.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error {
			f, err := forecast(r)
			if err != nil {
				return err
			}
			w := c.OutOrStdout()
			if asJSON {
				return json.NewEncoder(w).Encode(f)
			}
			fmt.Fprintf(w, "the disk has %s of %s free: %s\n", megabytes(f.Free), megabytes(f.Disk), control.FullWords(f))
			fmt.Fprintf(w, "recording stops when less than %s are free\n", megabytes(f.Reserve))
			t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
			fmt.Fprintln(t, "class\tnow\ta day")
			for _, u := range f.Classes {
				fmt.Fprintf(t, "%s\t%s\t%s\n", u.Class, megabytes(u.Bytes), megabytes(u.Daily))
			}
			return t.Flush()
		},
	}
	r.flags(c)
	c.Flags().BoolVar(&asJSON, "json", false, "as JSON, in bytes")
	return c
}

func forecast(r retention) (*storage.Forecast, error) {
	cfg, err := config.Load(r.config)
	if err != nil {
		return nil, coded{err, exitMustMend}
	}
	room, err := storage.DiskRoom(r.dir)
	if err != nil {
		return nil, err
	}
	_, room.Reserve = cfg.Storage.Room(room.Disk)
	return storage.Foresee(r.dir, cfg.Policies(), room, time.Now())
}

func megabytes(n int64) string {
	if n >= 10e9 {
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
