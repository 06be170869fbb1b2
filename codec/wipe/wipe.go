// Package wipe overwrites what sound leaves behind in a thread that worked on it: Go clears
// neither registers nor a stack, and a signal has the kernel write all registers into memory.
package wipe

import (
	"os"

	"golang.org/x/sys/unix"
)

// deep is how much stack below its caller Thread clears.
const deep = 32 << 10

// Thread clears what the functions that its caller called, and that have returned, left behind:
// the vector registers, the stack that they used, and the place on which the kernel puts the
// registers when a signal arrives. Without it the last few samples that were copied stay there
// for as long as nothing else comes along.
//
// The caller is locked to its thread, and calls it once before there is sound, too: then the
// stack is large enough, and does not move to leave a copy behind.
func Thread() {
	var below [deep]byte
	overwrite(&below)
	registers()
	// The runtime takes no notice of this signal, which it uses itself; what counts is that the
	// registers are put where they were put last time.
	_ = unix.Tgkill(os.Getpid(), unix.Gettid(), unix.SIGURG) // a thread may always signal itself
}

// overwrite is not inlined, so that the compiler believes that somebody wants to see zeros.
//
//go:noinline
func overwrite(b *[deep]byte) { clear(b[:]) }
