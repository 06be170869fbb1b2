package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"linevault/storage"
	"linevault/storage/durable"
	"linevault/storage/keys"
	"linevault/storage/ledger"
	"linevault/storage/sound"
)

func exportVerb() *cobra.Command {
	var dir, out, purpose, reference string
	c := &cobra.Command{
		Use:   "export CALL -o FILE",
		Short: "Write a call to a .wav or .ogg file",
		Long: `Write a call to a file: .wav is exact to the sample, .ogg is the Opus that was recorded.
Gaps are silent for their true length, with a soft tone at each edge. The file is not
encrypted: keep it as you would the call. The export is entered in the ledger.`,
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			return export(c, dir, storage.CallID(args[0]), out, purpose, reference)
		},
	}
	dataFlag(c, &dir)
	c.Flags().StringVarP(&out, "output", "o", "", "the `file`, ending in .wav or .ogg")
	c.Flags().StringVar(&purpose, "purpose", "not given", "why, for the ledger")
	c.Flags().StringVar(&reference, "reference", "", "a case number, for the ledger")
	return required(c, "output")
}

// isNew keeps a file from being written over, such as a pack that was given to somebody.
func isNew(out string) error {
	if info, err := os.Lstat(out); err == nil && info.Mode().IsRegular() {
		return fmt.Errorf("%s is there already and is left as it is: name another file, or remove it first", out)
	}
	return nil
}

// stream is a call as a file.
type stream interface {
	io.Reader
	Size() int64
}

func export(c *cobra.Command, dir string, id storage.CallID, out, purpose, reference string) error {
	kind := strings.ToLower(filepath.Ext(out))
	if kind != ".wav" && kind != ".ogg" {
		return coded{fmt.Errorf("%s: the name must end in .wav or .ogg", out), exitUsage}
	}
	if err := isNew(out); err != nil {
		return err
	}
	s, err := openWhole(dir)
	if err != nil {
		return err
	}
	defer s.Close()
	p, err := s.Play(id)
	if errors.Is(err, storage.ErrNoCall) {
		return fmt.Errorf("there is no call %s; `linevault calls` lists them", id)
	}
	if err != nil {
		return err
	}
	if err := enter(dir, ledger.Event{
		Kind: "export", Who: "command line: " + me(), Call: string(id), Purpose: purpose, Reference: reference, Text: "to a " + kind + " file",
	}); err != nil {
		return err
	}
	n, err := writeSound(p, kind, out)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.ErrOrStderr(), "%s: %d bytes\n", out, n)
	for _, g := range p.Row().Gaps {
		if g.Cause == storage.Damaged {
			fmt.Fprintf(c.ErrOrStderr(), "linevault: a part of this call is damaged and silent in the file; `linevault check` says where\n")
			break
		}
	}
	return nil
}

// writeSound writes the file under another name first, so that it is whole or not there. A
// box that turns out to be damaged becomes a gap, and the file is begun again.
func writeSound(p *storage.Playback, kind, out string) (int64, error) {
	for {
		n, err := tryWrite(p, kind, out)
		var damaged *storage.DamagedError
		if !errors.As(err, &damaged) {
			return n, err
		}
	}
}

func tryWrite(p *storage.Playback, kind, out string) (n int64, err error) {
	var src stream
	if kind == ".wav" {
		src, err = sound.NewWAV(p)
	} else {
		src, err = sound.NewOgg(p)
	}
	if err != nil {
		return 0, err
	}
	err = durable.Fill(out, 0o600, func(f *os.File) error {
		n, err = io.Copy(f, src)
		return err
	})
	return n, err
}

// enter writes an event into the ledger of a data folder.
func enter(dir string, e ledger.Event) error {
	return withLedger(dir, func(_ *keys.Ring, book *ledger.Ledger) error {
		if e.At.IsZero() {
			e.At = time.Now().UTC()
		}
		_, err := book.Append(e)
		return err
	})
}

func me() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return fmt.Sprintf("user %d", os.Getuid())
}
