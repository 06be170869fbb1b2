package dahdi

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The numbers that a C compiler makes of dahdi/user.h on amd64.
func TestRequests(t *testing.T) {
	for name, r := range map[string]struct{ got, want uint }{
		"GET_PARAMS":    {reqGetParams, 0xC088DA05},
		"GETEVENT":      {reqGetEvent, 0x8004DA08},
		"SPANSTAT":      {reqSpanStat, 0xC13ADA0A},
		"FLUSH":         {reqFlush, 0x4004DA03},
		"SET_BUFINFO":   {reqSetBufInfo, 0x4018DA1B},
		"AUDIOMODE":     {reqAudioMode, 0x4004DA20},
		"SPECIFY":       {reqSpecify, 0x4004DA26},
		"BUFFER_EVENTS": {reqBufferEvents, 0x4004DA69},
	} {
		if r.got != r.want {
			t.Errorf("%s is %#x, want %#x", name, r.got, r.want)
		}
	}
	if s := unsafe.Sizeof(params{}); s != paramsSize {
		t.Errorf("params takes %d octets, want %d", s, paramsSize)
	}
	if s := unsafe.Sizeof(bufferInfo{}); s != 24 {
		t.Errorf("bufferInfo takes %d octets, want 24", s)
	}
}

func TestSpanState(t *testing.T) {
	var b [spanInfoSize]byte
	copy(b[4:], "WCT1/0\x00rubbish")
	put := func(at int, v uint32) { binary.NativeEndian.PutUint32(b[at:], v) }
	put(64, uint32(Red|NoSignal))
	for i, at := range []int{76, 80, 84, 88, 92, 96, 100} {
		put(at, 1<<i)
	}
	put(108, 500)
	put(112, 3)
	var s Span
	s.parse(b[:])
	if s.Name != "WCT1/0" || s.Alarms.String() != "red, no signal" || !s.Alarms.Deaf() {
		t.Errorf("%q with alarms %v", s.Name, s.Alarms)
	}
	if c := s.Counters; c.Errors() != 127 || c.Second != 500 || c.Interrupts != 3 {
		t.Errorf("%+v", c)
	}
	if Yellow.Deaf() || Alarms(0).Deaf() || !Blue.Deaf() {
		t.Error("a yellow alarm is of the other direction; AIS is of this one")
	}
	for signalling, want := range map[int32]SlotKind{0: Unset, 0x80: BChan, 0x380: DChan, 1<<19 | 0x80: HardDC, 4: Other} {
		if got := kind(signalling); got != want {
			t.Errorf("signalling %#x is %d, want %d", signalling, got, want)
		}
	}
}

// Whoever reads an error at the serial console learns what to do.
func TestErrorsSayWhatToDo(t *testing.T) {
	dir, proc := t.TempDir(), t.TempDir()
	d := Device{Dir: dir, Proc: proc}
	_, noDriver := d.Open(1, Sound)
	_, noSpans := d.Spans()
	_, _, gone, noState := d.State(1)
	if !gone {
		t.Error("a span of a driver that is not there is not gone")
	}
	program := filepath.Join(proc, "4711")
	if err := os.MkdirAll(filepath.Join(program, "fd"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(program, "comm"), []byte("asterisk\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, fd := range []string{"5", "6"} {
		if err := os.Symlink(filepath.Join(dir, "channel"), filepath.Join(program, "fd", fd)); err != nil {
			t.Fatal(err)
		}
	}
	for want, err := range map[string]error{
		"the DAHDI driver is not loaded; load it with modprobe dahdi":                                     noDriver,
		"/ctl: the DAHDI driver is not loaded":                                                            noSpans,
		"driver is not loaded; load":                                                                      noState,
		"channel 5 is in use; DAHDI is held by asterisk (process 4711); stop it":                          d.noChannel(5, unix.EBUSY),
		"channel 5 is in use by another program; stop that program":                                       Device{Dir: dir, Proc: t.TempDir()}.noChannel(5, unix.EBUSY),
		"there is no channel 500; load the card's driver":                                                 d.noChannel(500, unix.EINVAL),
		"channel 5 is not set up; name it in /etc/dahdi/system.conf as bchan or dchan and run dahdi_cfg":  d.noChannel(5, unix.ENXIO),
		"this user may not open " + dir + "; make the recorder's user a member of the group that owns it": d.noDriver(dir, unix.EACCES),
	} {
		f, is := errors.AsType[*Fault](err)
		if !is || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant something with %q", err, want)
			continue
		}
		if f.Hint == "" || f.Unwrap() == nil {
			t.Errorf("%v: no hint, or no cause", err)
		}
	}
}

// A channel that the kernel lets go of ends in an error, not in silence.
func TestReadOfSomethingElse(t *testing.T) {
	fds := make([]int, 2)
	if err := unix.Pipe2(fds, unix.O_NONBLOCK); err != nil {
		t.Fatal(err)
	}
	c := &Channel{fd: fds[0], number: 9}
	b := make([]byte, Block)
	if _, err := c.Read(b); !errors.Is(err, ErrEmpty) {
		t.Errorf("an empty channel gives %v", err)
	}
	if _, err := unix.Write(fds[1], []byte("sound")); err != nil {
		t.Fatal(err)
	}
	if err := Wait(0, c); err != nil {
		t.Error(err)
	}
	if n, err := c.Read(b); n != 5 || err != nil {
		t.Errorf("read %d, %v", n, err)
	}
	if err := c.Flush(); err == nil {
		t.Error("a pipe was flushed as a channel")
	}
	if err := unix.Close(fds[1]); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := c.Read(b); err == nil || errors.Is(err, ErrEmpty) {
		t.Errorf("a closed channel gives %v", err)
	}
	if got := Event(99).Error(); got != "DAHDI event 99" {
		t.Error(got)
	}
}
