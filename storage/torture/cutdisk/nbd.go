package cutdisk

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
)

// The words of NBD's fixed newstyle negotiation and of its transmission, as its protocol
// document has them.
const (
	greeting     = "NBDMAGICIHAVEOPT"
	replyMagic   = 0x3e889045565a9
	simpleReply  = 0x67446698
	fixed        = 1
	noZeroes     = 2
	hasFlags     = 1
	sendFlush    = 4
	sendFUA      = 8
	optExport    = 1
	optAbort     = 2
	optInfo      = 6
	optGo        = 7
	repAck       = 1
	repInfo      = 3
	repUnknown   = 1<<31 | 1
	infoExport   = 0
	infoSizes    = 3
	cmdRead      = 0
	cmdWrite     = 1
	cmdLeave     = 2
	cmdFlush     = 3
	flagFUA      = 1
	unknown      = 22 // EINVAL
	longest      = 32 << 20
	padding      = 124
	transmission = hasFlags | sendFlush | sendFUA
)

var errProtocol = errors.New("this is not NBD")

var order = binary.BigEndian

// serve speaks with one machine.
func (d *Disk) serve(c net.Conn) error {
	if err := d.negotiate(c); err != nil {
		return err
	}
	for {
		var q struct {
			Magic       uint32
			Flags, Type uint16
			Handle      uint64
			At          uint64
			Length      uint32
		}
		if err := binary.Read(c, order, &q); err != nil {
			return err
		}
		if q.Length > longest || q.At+uint64(q.Length) > uint64(d.size) {
			return errProtocol
		}
		answer := make([]byte, 16)
		order.PutUint32(answer, simpleReply)
		order.PutUint64(answer[8:], q.Handle)
		switch q.Type {
		case cmdRead:
			b := make([]byte, q.Length)
			d.read(b, int64(q.At))
			answer = append(answer, b...)
		case cmdWrite:
			b := make([]byte, q.Length)
			if _, err := io.ReadFull(c, b); err != nil {
				return err
			}
			if !d.write(b, int64(q.At), q.Flags&flagFUA != 0) {
				return silence(c)
			}
		case cmdLeave:
			return nil
		case cmdFlush:
			if !d.flush() {
				return silence(c)
			}
		default:
			order.PutUint32(answer[4:], unknown)
		}
		if _, err := c.Write(answer); err != nil {
			return err
		}
	}
}

// silence answers nothing any more, until the machine is gone: one that was told of an error would
// live on and say so.
func silence(c net.Conn) error {
	_, err := io.Copy(io.Discard, c)
	return err
}

// negotiate goes through the options until the machine takes the disk.
func (d *Disk) negotiate(c net.Conn) error {
	if _, err := c.Write(order.AppendUint16([]byte(greeting), fixed|noZeroes)); err != nil {
		return err
	}
	var flags uint32
	if err := binary.Read(c, order, &flags); err != nil {
		return err
	}
	for {
		var o struct {
			Magic          uint64
			Option, Length uint32
		}
		if err := binary.Read(c, order, &o); err != nil {
			return err
		}
		if o.Length > 1<<16 {
			return errProtocol
		}
		if _, err := io.CopyN(io.Discard, c, int64(o.Length)); err != nil {
			return err
		}
		reply := func(kind uint32, payload []byte) error {
			b := order.AppendUint64(nil, replyMagic)
			b = order.AppendUint32(b, o.Option)
			b = order.AppendUint32(b, kind)
			b = order.AppendUint32(b, uint32(len(payload)))
			_, err := c.Write(append(b, payload...))
			return err
		}
		var err error
		switch o.Option {
		case optExport:
			b := order.AppendUint16(order.AppendUint64(nil, uint64(d.size)), transmission)
			if flags&noZeroes == 0 {
				b = append(b, make([]byte, padding)...)
			}
			_, err = c.Write(b)
			return err
		case optInfo, optGo:
			b := order.AppendUint64(order.AppendUint16(nil, infoExport), uint64(d.size))
			err = reply(repInfo, order.AppendUint16(b, transmission))
			b = order.AppendUint32(order.AppendUint16(nil, infoSizes), sector)
			b = order.AppendUint32(order.AppendUint32(b, 4096), longest)
			err = errors.Join(err, reply(repInfo, b), reply(repAck, nil))
			if o.Option == optGo {
				return err
			}
		case optAbort:
			return reply(repAck, nil)
		default:
			err = reply(repUnknown, nil)
		}
		if err != nil {
			return err
		}
	}
}
