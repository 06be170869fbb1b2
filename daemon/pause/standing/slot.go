package standing

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"os"
)

// The file is four slots, each written at its own place while the others stay. A slot is
//
//	magic    8 bytes
//	turn     8 bytes, little endian
//	length   4 bytes of what follows the sum
//	sum      4 bytes, CRC-32C of turn, length and what follows
//	body     JSON: which key its names were made with, and the pauses
//
// The slot with the highest turn whose sum is right is what stands.
const (
	slots    = 4
	slotSize = 256 << 10
	headSize = 24
	magic    = "LVPAUSE2"
	oldMagic = "LVPAUSE1" // its body is the pauses alone, and their names are plain hashes
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// body is what a slot says.
type body struct {
	Key    string  `json:"key"` // Opaque of nothing: another key has another
	Pauses []Pause `json:"pauses"`
}

func write(f *os.File, slot int, turn uint64, all body) error {
	body, err := json.Marshal(all)
	if err != nil {
		return err
	}
	if len(body) > slotSize-headSize {
		return fmt.Errorf("pauses that stand: there are too many, %d", len(all.Pauses))
	}
	b := make([]byte, headSize, headSize+len(body))
	copy(b, magic)
	binary.LittleEndian.PutUint64(b[8:], turn)
	binary.LittleEndian.PutUint32(b[16:], uint32(len(body)))
	b = append(b, body...)
	binary.LittleEndian.PutUint32(b[20:], sum(b))
	if _, err := f.WriteAt(b, int64(slot)*slotSize); err != nil {
		return fmt.Errorf("pauses that stand: %w", err)
	}
	return nil
}

func sum(b []byte) uint32 {
	return crc32.Update(crc32.Checksum(b[8:20], castagnoli), castagnoli, b[headSize:])
}

// newest is what stands; body is nil if nothing does, and old if it is of the older format.
func newest(raw []byte) (turn uint64, slot int, body []byte, old bool) {
	for i := range slots {
		b := raw[min(i*slotSize, len(raw)):min((i+1)*slotSize, len(raw))]
		if len(b) < headSize || string(b[:8]) != magic && string(b[:8]) != oldMagic {
			continue
		}
		n := binary.LittleEndian.Uint32(b[16:])
		if int64(n) > int64(len(b)-headSize) {
			continue
		}
		b = b[:headSize+n]
		t := binary.LittleEndian.Uint64(b[8:])
		if sum(b) == binary.LittleEndian.Uint32(b[20:]) && (body == nil || t > turn) {
			turn, slot, body, old = t, i, b[headSize:], string(b[:8]) == oldMagic
		}
	}
	return turn, slot, body, old
}
