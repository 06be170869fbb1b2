// Linevault-verify checks a disclosure pack or an exported certificate of destruction on any
// computer, without the box that made it.
package main

import (
	"flag"
	"fmt"
	"os"

	"linevault/storage/disclosure"
)

// The exit codes.
const (
	failed  = 1 // it could not look
	usage   = 2
	unsound = 3 // the file does not hold
)

func main() { os.Exit(verify(os.Args[1:])) }

func verify(args []string) int {
	flags := flag.NewFlagSet("linevault-verify", flag.ContinueOnError)
	key := flags.String("key", "", "a `file` with the box's public key, got on another way than the pack")
	flags.Usage = func() {
		fmt.Fprintln(flags.Output(), "linevault-verify [--key FILE] PACK|CERTIFICATE\n\nCheck a disclosure pack, or a certificate of destruction that was exported. Exit code 0 says that it holds, 3 that it does not.")
		flags.PrintDefaults()
	}
	var packs []string
	for len(args) > 0 { // flags may come after the pack, too
		if err := flags.Parse(args); err != nil {
			return usage
		}
		if args = flags.Args(); len(args) > 0 {
			packs, args = append(packs, args[0]), args[1:]
		}
	}
	if len(packs) != 1 {
		flags.Usage()
		return usage
	}
	found, err := disclosure.VerifyFile(packs[0], *key)
	if err == nil {
		err = found.Print(os.Stdout)
	}
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "linevault-verify:", err)
		return failed
	case !found.OK():
		return unsound
	}
	return 0
}
