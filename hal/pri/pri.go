// Package pri listens to an ISDN primary rate interface: two receivers, one for each direction of
// an E1, tell it every frame of the D channel, and it tells what calls there are (Q.931 05/98).
// It only ever listens, so it believes what both ends say and never holds them to the standard.
package pri

import "time"

// MaxCalls is how many calls a tap follows at once. A full E1 has 30, and held ones besides.
const MaxCalls = 512

// MaxFrame is the longest frame that is looked at: N201 is 260 octets (Q.921 5.9.3).
const MaxFrame = 1024

// Waits that Q.931 bounds, with room for slow switches.
const (
	answerWait  = 15 * time.Second        // T303 4 s, twice (9.1): a SETUP that nobody answered
	clearWait   = 90 * time.Second        // T305 30 s and T308 4 s, twice: clearing that stopped
	longestT309 = (18 + 90) * time.Second // the link is given up, then T309 of at most 90 s
	settle      = 250 * time.Millisecond  // by how much the two receivers may be out of step
)
