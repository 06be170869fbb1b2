package syslog

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Message is one message as RFC 5424 has it.
type Message struct {
	At   time.Time
	Host string
	App  string
	PID  int
	ID   string // what kind of message it is
	Text string // one line
}

// priority is facility 13 (log audit), severity 5 (notice).
const priority = 13*8 + 5

// encode is the message without a frame (RFC 5424, 6).
func (m Message) encode() []byte {
	pid := "-"
	if m.PID > 0 {
		pid = strconv.Itoa(m.PID)
	}
	text := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(m.Text, "?"))
	return fmt.Appendf(nil, "<%d>1 %s %s %s %s %s - %s", priority, m.At.UTC().Format("2006-01-02T15:04:05.000000Z"),
		word(m.Host, 255), word(m.App, 48), pid, word(m.ID, 32), text)
}

// word is a field of the head: printable ASCII without spaces, or the sign for none.
func word(s string, most int) string {
	s = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	if s == "" {
		return "-"
	}
	return s[:min(len(s), most)]
}

// frame is the message as it goes over TLS: its length in bytes, a space, and itself (RFC
// 5425, 4.3).
func (m Message) frame() []byte {
	b := m.encode()
	return append(fmt.Appendf(nil, "%d ", len(b)), b...)
}
