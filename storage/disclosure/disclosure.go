// Package disclosure is the pack in which a call leaves the box, and how anybody checks one
// without the box. It needs no C library, no disk of the box and no key but the public one.
package disclosure
