package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"linevault/storage/keys/recovery"
)

// readIdentities reads the files of identities that were named, asking for the passphrases of
// those that are locked.
func readIdentities(c *cobra.Command, files []string) ([]recovery.Identity, error) {
	var all []recovery.Identity
	in := bufio.NewReader(c.InOrStdin())
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("identity: %w", err)
		}
		ids, err := recovery.ReadIdentities(b, func() (string, error) {
			return askPassphrase(c.ErrOrStderr(), in, "Passphrase of "+name+": ")
		})
		clear(b)
		if err != nil {
			return nil, fmt.Errorf("identity %s: %w", name, err)
		}
		all = append(all, ids...)
	}
	return all, nil
}

// askPassphrase asks without showing what is typed. What is not typed, such as a script's, is a
// line of standard input.
func askPassphrase(w io.Writer, in *bufio.Reader, question string) (string, error) {
	fmt.Fprint(w, question)
	fd := int(os.Stdin.Fd())
	if old, err := unix.IoctlGetTermios(fd, unix.TCGETS); err == nil {
		quiet := *old
		quiet.Lflag &^= unix.ECHO
		if err := unix.IoctlSetTermios(fd, unix.TCSETS, &quiet); err != nil {
			return "", err
		}
		shown := func() { _ = unix.IoctlSetTermios(fd, unix.TCSETS, old) } // the terminal may have gone
		leave.Store(&shown)
		defer func() {
			leave.Store(nil)
			shown()
		}()
	}
	line, err := in.ReadString('\n')
	fmt.Fprintln(w)
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", errors.Join(errors.New("no passphrase was given"), notEnd(err))
	}
	return line, nil
}

func notEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
