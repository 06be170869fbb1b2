package main

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"linevault/storage"
)

func certificatesVerb() *cobra.Command {
	var dir string
	var asJSON bool
	c := &cobra.Command{
		Use:   "certificates [ID]",
		Short: "List what was destroyed, or print one certificate",
		Long: `List the certificates of destruction, oldest first: what was destroyed, who asked and approved,
and what the box then tried in order to read it. Their signatures are checked. With an ID, print
that certificate as it was signed. Exit code 3 says that one is not as this box signed it.`,
		Args: usage(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			ring, err := openRing(dir)
			if err != nil {
				return err
			}
			key := storage.CertificateKey(ring)
			if len(args) == 1 {
				return printCertificate(c.OutOrStdout(), dir, args[0], key)
			}
			list, wrong := storage.Certificates(dir, key)
			if err := printCertificates(c.OutOrStdout(), list, asJSON); err != nil {
				return err
			}
			if wrong != nil {
				return coded{wrong, exitUnsound}
			}
			return nil
		},
	}
	dataFlag(c, &dir)
	c.Flags().BoolVar(&asJSON, "json", false, "one JSON object a certificate")
	return c
}

func printCertificate(w io.Writer, dir, id string, key ed25519.PublicKey) error {
	_, b, err := storage.ReadCertificate(dir, id, key)
	switch {
	case errors.Is(err, storage.ErrNoCertificate):
		return fmt.Errorf("there is no certificate %s; `linevault certificates` lists them", id)
	case errors.Is(err, storage.ErrCertificate):
		return coded{fmt.Errorf("certificate %s: %w: put destruction/certificates in %s back from your backup", id, err, dir), exitUnsound}
	case err != nil:
		return err
	}
	_, err = w.Write(b)
	return err
}

func printCertificates(w io.Writer, list []*storage.Certificate, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		for _, k := range list {
			if err := e.Encode(k); err != nil {
				return err
			}
		}
		return nil
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(w, "nothing was destroyed")
		return err
	}
	for _, k := range list {
		what := fmt.Sprintf("%d call(s) at the end of their term", k.Calls)
		switch k.Kind {
		case storage.Purge:
			what = fmt.Sprintf("%v to %v of call %s", k.From, k.To, k.Call)
		case storage.Erasure:
			what = fmt.Sprintf("the whole call %s", k.Call)
		}
		by := k.By
		if k.Approved != "" {
			by += ", approved by " + k.Approved
		}
		if _, err := fmt.Fprintf(w, "%s  %s  %s, by %s: %s; %d key(s) and %d box(es) tried, %d opened\n", k.ID,
			k.Done.Local().Format("2006-01-02 15:04:05"), what, by, k.Reason, k.SelfTest.Keys, k.SelfTest.Boxes, k.SelfTest.Opened); err != nil {
			return err
		}
	}
	return nil
}
