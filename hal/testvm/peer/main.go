// Peer is what a virtual machine needs to test a tapped ISDN 30 circuit: people who talk on every
// timeslot, and somebody who knows what each of them says.
package main

import (
	"fmt"
	"os"
	"time"
)

const usage = `usage:
  peer speech OUT            writes 60 pieces of different speech, A-law, one for each timeslot and direction
  peer speak SPEECH WHO...   says them, over and over; WHO is network or switchboard
  peer streams SPEECH        opens the tap as a card of 30 lines, and compares what it hears, octet by octet
  peer swapped SPEECH        does so with the spans the wrong way round, and wants to be told
  peer aligned SPEECH        opens a card whose two spans hear the same, and says how far the legs are apart
  peer overrun SPEECH        is stopped for a while, and wants to know how much it missed
  peer restart SPEECH        has the driver take one span away and give it back, and wants the other kept
  peer wrong SPEECH          opens a card whose span there is not
  peer config OUT            writes the recorder's configuration for the tap
  peer judge SPEECH FOLDER   compares exported calls with what was said, and their numbers with those called`

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	verb, args := first(args)
	file, args := first(args)
	if file == "" {
		return fmt.Errorf("%s", usage)
	}
	switch verb {
	case "speech":
		return makeSpeech(file)
	case "config":
		return writeConfig(file)
	}
	said, err := readSpeech(file)
	if err != nil {
		return err
	}
	switch verb {
	case "speak":
		return speak(said, args)
	case "streams":
		return streams(said)
	case "swapped":
		return swapped(said)
	case "overrun":
		return overrun(said)
	case "wrong":
		_, err := capture(9, switchboardTap, time.Second, nil)
		return err
	case "restart":
		return restart(said)
	case "aligned":
		return aligned(said)
	case "judge":
		folder, _ := first(args)
		return judge(said, folder)
	}
	return fmt.Errorf("%s", usage)
}

func first(args []string) (string, []string) {
	if len(args) == 0 {
		return "", nil
	}
	return args[0], args[1:]
}
