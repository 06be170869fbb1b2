package wipe

import "golang.org/x/sys/cpu"

// registers clears all vector registers.
func registers() { clearVectors(cpu.X86.HasAVX) }

//go:noescape
func clearVectors(avx bool)
