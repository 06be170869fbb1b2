package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/spf13/cobra"

	"linevault/daemon/link"
	"linevault/storage"
	"linevault/storage/evidence"
	"linevault/storage/keys"
	"linevault/storage/ledger"
	"linevault/storage/seal"
)

func checkVerb() *cobra.Command {
	var o checkOptions
	c := &cobra.Command{
		Use:   "check",
		Short: "Check everything that is stored",
		Long: `Open every box of every call and check that nothing is missing, moved or changed, and that the
ledger begins with everything that was ever signed. It changes nothing, works while the box runs
or not, and says of each of seven promises whether it is kept.

With --checkpoint it also compares the ledger with the last signed checkpoint in a file: a report
of ` + "`linevault ledger report`" + `, or lines that the syslog server has kept. Only that finds a ledger
which was put back together with its list of checkpoints and with a keyring of the same days.

With --rebuild it first makes the catalogue anew from the recordings; stop the desk for that.

Exit code 0 says that all is well, 3 that something is not, 1 that it could not be checked.`,
		Args: usage(cobra.NoArgs),
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c) },
	}
	dataFlag(c, &o.dir)
	f := c.Flags()
	f.BoolVar(&o.json, "json", false, "the report as one JSON object")
	f.BoolVar(&o.rebuild, "rebuild", false, "make the catalogue anew first")
	f.StringVar(&o.checkpoint, "checkpoint", "", "a report or syslog `file` with a checkpoint that was kept elsewhere")
	return c
}

type checkOptions struct {
	dir           string
	json, rebuild bool
	checkpoint    string
}

func (o *checkOptions) run(c *cobra.Command) error {
	recorder := link.Dial(o.dir)
	if o.rebuild {
		if err := storage.Rebuild(o.dir, recorder); err != nil {
			return err
		}
	}
	// The ledger first: what it has by now must be stored.
	var entered storage.CheckOptions
	var found []storage.Problem
	ring, err := openRing(o.dir)
	if err == nil {
		entered.Entered, found, err = o.ledger(ring)
	}
	if err != nil {
		return err
	}
	line := newProgress(c.ErrOrStderr())
	entered.Progress = line.count("parts and segments")
	r, err := storage.Check(o.dir, recorder, entered)
	line.end()
	if err != nil {
		return err
	}
	r.Problems = append(r.Problems, found...)
	for _, p := range ring.Problems() {
		r.Add(storage.Whole, "keys", "%s", p)
	}
	r.Promises = r.Verdicts()
	if o.json {
		err = json.NewEncoder(c.OutOrStdout()).Encode(r)
	} else {
		err = printReport(c, r)
	}
	if err == nil && !r.OK() {
		return coded{nil, exitUnsound}
	}
	return err
}

// ledger checks the ledger and reads what it says is stored.
func (o *checkOptions) ledger(ring *keys.Ring) (entered map[seal.PartID]*storage.Entered, found []storage.Problem, err error) {
	var elsewhere []byte
	if o.checkpoint != "" {
		if elsewhere, err = readCheckpoint(o.checkpoint); err != nil {
			return nil, nil, err
		}
	}
	tell := func(err error) {
		if err != nil {
			found = append(found, storage.Problem{Segment: "ledger", Text: err.Error(), Breaks: storage.Unbroken})
		}
	}
	if _, err := os.Stat(filepath.Join(o.dir, "ledger")); errors.Is(err, fs.ErrNotExist) {
		gone := evidence.NoLedger(ring)
		if gone == nil && (elsewhere != nil || hasAccounts(o.dir)) {
			gone = errors.New("there is none, and there was one: put the folder ledger back from your backup")
		}
		tell(gone)
		return nil, found, nil // else no desk has run here yet
	}
	book, err := ledger.Open(o.dir, ring.Derive("ledger"))
	if errors.Is(err, ledger.ErrKey) {
		tell(fmt.Errorf("%w, or, if the folder ledger is of another box, put that of this one back", err))
		return nil, found, nil
	}
	if err != nil {
		return nil, nil, err
	}
	defer book.Close()
	tell(book.Verify())
	signed, err := evidence.OpenAnchored(o.dir, ring, book)
	if err != nil {
		return nil, nil, err
	}
	defer signed.Close()
	tell(signed.Check(elsewhere))
	tell(missing(o.dir, ring, book))
	entered, err = evidence.Entered(book)
	tell(err)
	return entered, found, nil
}

// hasAccounts reports whether somebody has an account on the box.
func hasAccounts(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "accounts.sealed"))
	return err == nil
}

// missing sees that the ledger has what other files tell of.
func missing(dir string, ring *keys.Ring, book *ledger.Ledger) error {
	if _, err := os.Stat(filepath.Join(dir, "destruction", "job")); err == nil {
		return nil // a destruction is under way: its certificate may come before its entry
	}
	certificates, err := storage.Certificates(dir, storage.CertificateKey(ring))
	return errors.Join(err, evidence.Missing(book, certificates, hasAccounts(dir)))
}

// inSyslog and inReport are a checkpoint as a syslog message and as a report have it.
var (
	inSyslog = regexp.MustCompile(`(?m)\bnote=([A-Za-z0-9+/=]+)`)
	inReport = regexp.MustCompile(`(?ms)^linevault/\S+\n\d+\n.*?\n\n— .*?\n`)
)

// readCheckpoint reads the last checkpoint in a file.
func readCheckpoint(path string) ([]byte, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the checkpoint that was kept elsewhere: %w", err)
	}
	if all := inSyslog.FindAllSubmatch(b, -1); all != nil {
		return base64.StdEncoding.DecodeString(string(all[len(all)-1][1]))
	}
	if all := inReport.FindAll(b, -1); all != nil {
		return all[len(all)-1], nil
	}
	return nil, fmt.Errorf("%s has no checkpoint: give it a report of `linevault ledger report`, or lines of the syslog server", path)
}

func printReport(c *cobra.Command, r *storage.Report) error {
	w := c.OutOrStdout()
	for _, p := range r.Problems {
		fmt.Fprintf(w, "%d: %s\n", p.Breaks, p.Named())
	}
	if !r.OK() {
		fmt.Fprintln(w)
	}
	for _, v := range r.Promises {
		kept := "kept"
		if v.Problems > 0 {
			kept = fmt.Sprintf("BROKEN (%d)", v.Problems)
		}
		fmt.Fprintf(w, "%d  %-10s  %s\n", v.Number, kept, v.Promise)
	}
	verdict := "all is well"
	if !r.OK() {
		verdict = fmt.Sprintf("%d problem(s)", len(r.Problems))
	}
	if r.Listing != nil {
		fmt.Fprintf(w, "the list of calls is being made anew: %s; what is not in it yet was not compared with it\n", r.Listing)
	}
	if r.Late > 0 {
		fmt.Fprintf(w, "%d span(s) that a late pause covers are withheld and still stored: `linevault purge` destroys them\n", r.Late)
	}
	_, err := fmt.Fprintf(w, "%d call(s), %d part(s), %d box(es), %d bytes; %d interrupted: %s\n",
		r.Calls, r.Parts, r.Boxes, r.Bytes, r.Interrupted, verdict)
	return err
}
