package pri

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"linevault/hal/pri/pcap"
	"linevault/hal/pri/q921"
)

// sllHeader is the pseudo header of a Linux LAPD capture.
const sllHeader = 16

// capture is one file that is being read.
type capture struct {
	name   string
	file   *os.File
	reader *pcap.Reader
	label  q921.Side // who sent the frames of a file that does not say
	mixed  bool      // a file that does not say, with the frames of both sides
	fcs    bool      // frames end in their check sequence
	frames int
	short  int    // frames that the capture cut short
	head   *frame // the next one
}

// frame is a captured D channel frame.
type frame struct {
	at   time.Time
	from q921.Side
	data []byte
}

// openCapture opens a file and surveys it once: what it holds and who sent it.
func openCapture(name string) (*capture, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	c := &capture{name: name, file: f}
	if err := c.survey(); err != nil {
		f.Close()
		return nil, err
	}
	return c, nil
}

func (c *capture) close() { _ = c.file.Close() } // only read, so nothing can be lost

// rewind starts the file again.
func (c *capture) rewind() error {
	if _, err := c.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	r, err := pcap.NewReader(c.file)
	if err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	c.reader = r
	return nil
}

// survey counts what the C/R bits and check sequences say. A file that is cut off is good up to
// there; the second reading reports it.
func (c *capture) survey() error {
	if err := c.rewind(); err != nil {
		return err
	}
	votes := [q921.User + 1]int{}
	checked, told := 0, false
	for {
		b, says, _, err := c.read()
		if e := (*pcap.FormatError)(nil); errors.Is(err, io.EOF) || errors.As(err, &e) && c.frames > 0 {
			break
		} else if err != nil {
			return err
		}
		c.frames++
		told = told || says != q921.Nobody
		if _, ok := q921.CheckFCS(b); ok {
			checked++
		}
		if f, err := q921.Parse(b); err == nil {
			votes[f.Sender()]++
		}
	}
	c.fcs = c.frames > 1 && checked == c.frames
	less, more := votes[q921.Network], votes[q921.User]
	c.label = q921.User
	if less >= more {
		less, more, c.label = more, less, q921.Network
	}
	c.mixed = !told && less > 0 && less*4 >= more
	return c.rewind()
}

// read takes the next frame with what the file says of its sender.
func (c *capture) read() (b []byte, says q921.Side, at time.Time, err error) {
	p, err := c.reader.Next()
	switch {
	case errors.Is(err, io.EOF):
		return nil, 0, at, io.EOF
	case err != nil:
		return nil, 0, at, fmt.Errorf("%s: %w", c.name, err)
	}
	if p.Cut {
		c.short++
	}
	switch {
	case p.Link == pcap.LAPD:
		return p.Data, q921.Nobody, p.At, nil
	case p.Link != pcap.LinuxLAPD:
		return nil, 0, at, fmt.Errorf("%s: byte %d: link type %d is no D channel; capture with link type %d or %d",
			c.name, p.Offset, p.Link, pcap.LinuxLAPD, pcap.LAPD)
	case len(p.Data) < sllHeader:
		return nil, 0, at, fmt.Errorf("%s: byte %d: pseudo header cut off", c.name, p.Offset)
	}
	const outgoing = 4
	sent := p.Data[0] == 0 && p.Data[1] == outgoing
	weAreNetwork := p.Data[6] != 0
	says = q921.User
	if sent == weAreNetwork {
		says = q921.Network
	}
	return p.Data[sllHeader:], says, p.At, nil
}

// fill reads the next frame into head, which is nil at the end of the file.
func (c *capture) fill() error {
	c.head = nil
	b, says, at, err := c.read()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return err
	}
	if c.fcs {
		b = b[:len(b)-2]
	}
	if says == q921.Nobody {
		says = c.label
		if c.mixed {
			says = q921.Nobody
			if f, err := q921.Parse(b); err == nil {
				says = f.Sender()
			}
		}
	}
	c.head = &frame{at: at, from: says, data: b}
	return nil
}
