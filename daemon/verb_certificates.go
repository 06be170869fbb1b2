package main

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/spf13/cobra"

	"linevault/storage"
	"linevault/storage/certificate"
	"linevault/storage/checkpoint"
	"linevault/storage/durable"
	"linevault/storage/evidence"
	"linevault/storage/keys"
)

func certificatesVerb() *cobra.Command {
	var dir, export string
	var asJSON bool
	c := &cobra.Command{
		Use:   "certificates [ID]",
		Short: "List what was destroyed, or print one certificate",
		Long: `List the certificates of destruction, oldest first: what was destroyed, who asked and approved,
and what the box then tried in order to read it. Their signatures are checked. With an ID, print
that certificate as it was signed. Exit code 3 says that one is not as this box signed it.

With an ID and --export, write the certificate to a new file together with the box's signature of
the key that certificates are signed with: ` + "`linevault verify`" + ` and linevault-verify check that file
on any computer, by the public key that ` + "`linevault ledger status`" + ` prints.`,
		Args: usage(cobra.MaximumNArgs(1)),
		RunE: func(c *cobra.Command, args []string) error {
			ring, err := openRing(dir)
			if err != nil {
				return err
			}
			key := storage.CertificateKey(ring)
			if export != "" {
				if len(args) != 1 {
					return coded{errors.New("--export writes one certificate: name its ID; `linevault certificates` lists them"), exitUsage}
				}
				return exportCertificate(c.OutOrStdout(), ring, dir, args[0], export)
			}
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
	c.Flags().StringVar(&export, "export", "", "a new `file` for one certificate, to be checked on other computers")
	return c
}

func printCertificate(w io.Writer, dir, id string, key ed25519.PublicKey) error {
	b, err := readCertificate(dir, id, key)
	if err == nil {
		_, err = w.Write(b)
	}
	return err
}

// exportCertificate writes a certificate to a new file, with what it takes to check it elsewhere.
func exportCertificate(w io.Writer, ring *keys.Ring, dir, id, file string) error {
	key := storage.CertificateKey(ring)
	b, err := readCertificate(dir, id, key)
	if err == nil {
		b, err = certificate.Export(b, key, checkpoint.NewKey(ring.Derive(evidence.KeyPurpose)))
	}
	if err != nil {
		return err
	}
	if err := durable.New(file, b); errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already: name a new file", file)
	} else if err != nil {
		return fmt.Errorf("export the certificate: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s: check it with `linevault verify` or linevault-verify\n", file)
	return err
}

// readCertificate is the file of a certificate that this box signed.
func readCertificate(dir, id string, key ed25519.PublicKey) ([]byte, error) {
	_, b, err := storage.ReadCertificate(dir, id, key)
	switch {
	case errors.Is(err, storage.ErrNoCertificate):
		return nil, fmt.Errorf("there is no certificate %s; `linevault certificates` lists them", id)
	case errors.Is(err, storage.ErrCertificate):
		return nil, coded{fmt.Errorf("certificate %s: %w: put destruction/certificates in %s back from your backup", id, err, dir), exitUnsound}
	}
	return b, err
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
