// Package tpm keeps 32 bytes in non-volatile memory of a TPM 2.0, where what is overwritten
// is gone, and which gives them out only while the machine boots as it did (PCR 7: the secure
// boot policy and who signed what was started).
package tpm

import (
	"crypto/fips140"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"

	"github.com/google/go-tpm/tpm2"
	"github.com/google/go-tpm/tpm2/transport"
	"github.com/google/go-tpm/tpm2/transport/linuxtpm"
	"github.com/google/go-tpm/tpm2/transport/linuxudstpm"
)

// Device is where Linux has the TPM, behind its resource manager.
const Device = "/dev/tpmrm0"

// Variable is the variable of the environment that names another device, or the socket of a
// TPM emulator.
const Variable = "LINEVAULT_TPM"

// Size is how many bytes are kept.
const Size = 32

// Why a TPM cannot be used, or does not give the bytes.
var (
	ErrNone      = errors.New("this machine has no TPM 2.0 (or it is off in the firmware's set-up)")
	ErrMissing   = errors.New("the TPM does not have the root key: it was cleared or replaced, or this disk came from another machine")
	ErrChanged   = errors.New("the TPM keeps the root key back, because the machine was started otherwise than before: secure boot was changed, or its firmware or keys were updated")
	ErrOwned     = errors.New("the TPM has an owner's password, so nothing can be made in it: clear the TPM in the firmware's set-up")
	ErrLockedOut = errors.New("the TPM is locked out after wrong passwords: wait, or reset it with its lockout password")
	ErrFull      = errors.New("the TPM has no room left: remove what is not needed from it (tpm2_nvundefine)")
	ErrForeign   = errors.New("the TPM has something else where the root key should be")
)

// Index is a place in the TPM's memory.
type Index uint32

func (i Index) String() string { return fmt.Sprintf("0x%08x", uint32(i)) }

// The owner's part of the handles of NV indices.
const firstIndex, indices = 0x01800000, 0x00400000

// Valid reports whether this package could have made the index.
func (i Index) Valid() bool { return i >= firstIndex && i < firstIndex+indices }

// TPM is an open TPM. One goroutine at a time may use it.
type TPM struct{ t transport.TPMCloser }

// Path is the device or socket.
func Path() string {
	if path := os.Getenv(Variable); path != "" {
		return path
	}
	return Device
}

// Open opens the machine's TPM.
func Open() (*TPM, error) {
	path := Path()
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: %w", path, ErrNone)
	case err != nil:
		return nil, fmt.Errorf("TPM: %w", err)
	}
	open := linuxtpm.Open
	if info.Mode()&os.ModeSocket != 0 {
		open = linuxudstpm.Open
	}
	t, err := open(path)
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("TPM: %w: put the user that Linevault runs as into the group that owns %s (usually tss)", err, path)
	}
	if err != nil {
		return nil, fmt.Errorf("TPM: %w", err)
	}
	return &TPM{t}, nil
}

// Close lets go of the TPM.
func (t *TPM) Close() error { return t.t.Close() }

// Free is the first of two neighbouring indices that nobody uses, at random: so the number
// names the pair on whatever machine.
func (t *TPM) Free() (Index, error) {
	for range 100 {
		var b [4]byte
		rand.Read(b[:]) // never fails
		i := Index(firstIndex + binary.LittleEndian.Uint32(b[:])%indices&^1)
		_, err := t.public(i)
		_, err2 := t.public(i + 1)
		if errors.Is(err, ErrMissing) && errors.Is(err2, ErrMissing) {
			return i, nil
		}
		if other := errors.Join(notMissing(err), notMissing(err2)); other != nil {
			return 0, other
		}
	}
	return 0, ErrFull
}

func notMissing(err error) error {
	if errors.Is(err, ErrMissing) {
		return nil
	}
	return err
}

// attributes are those of our indices: read and written by policy alone, whatever password the
// owner has.
var attributes = tpm2.TPMANV{PolicyWrite: true, PolicyRead: true, NoDA: true, NT: tpm2.TPMNTOrdinary}

// public reads what an index is, and refuses what is not of ours.
func (t *TPM) public(i Index) (*tpm2.NVReadPublicResponse, error) {
	r, err := tpm2.NVReadPublic{NVIndex: tpm2.TPMHandle(i)}.Execute(t.t)
	if err != nil {
		return nil, explain(err)
	}
	p, err := r.NVPublic.Contents()
	if err != nil {
		return nil, fmt.Errorf("TPM: %w", err)
	}
	a := p.Attributes
	a.Written = false
	if p.DataSize != Size || a != attributes {
		return nil, fmt.Errorf("%w (%s)", ErrForeign, i)
	}
	return r, nil
}

// Define makes an index, for the machine as it was booted now. One that is there stays.
func (t *TPM) Define(i Index) error {
	if _, err := t.public(i); err == nil || !errors.Is(err, ErrMissing) {
		return err
	}
	digest, err := t.policyDigest()
	if err != nil {
		return err
	}
	_, err = tpm2.NVDefineSpace{
		AuthHandle: tpm2.TPMRHOwner,
		PublicInfo: tpm2.New2B(tpm2.TPMSNVPublic{
			NVIndex: tpm2.TPMHandle(i), NameAlg: tpm2.TPMAlgSHA256, Attributes: attributes,
			AuthPolicy: digest, DataSize: Size,
		}),
	}.Execute(t.t)
	return explain(err)
}

// Write overwrites what is in an index, and reads it again.
func (t *TPM) Write(i Index, b [Size]byte) error {
	err := t.use(i, tpm2.AESEncryption(128, tpm2.EncryptIn), func(h tpm2.AuthHandle, n tpm2.NamedHandle) error {
		_, err := tpm2.NVWrite{AuthHandle: h, NVIndex: n, Data: tpm2.TPM2BMaxNVBuffer{Buffer: b[:]}}.Execute(t.t)
		return explain(err)
	})
	if err != nil {
		return err
	}
	got, err := t.Read(i)
	if err == nil && got != b {
		err = errors.New("TPM: it did not keep what was written to it")
	}
	return err
}

// Read is what is in an index; all zeros if nothing was written yet.
func (t *TPM) Read(i Index) (b [Size]byte, err error) {
	r, err := t.public(i)
	if err != nil {
		return b, err
	}
	if p, err := r.NVPublic.Contents(); err != nil || !p.Attributes.Written {
		return b, err
	}
	err = t.use(i, tpm2.AESEncryption(128, tpm2.EncryptOut), func(h tpm2.AuthHandle, n tpm2.NamedHandle) error {
		r, err := tpm2.NVRead{AuthHandle: h, NVIndex: n, Size: Size}.Execute(t.t)
		if err != nil {
			return explain(err)
		}
		if len(r.Data.Buffer) != Size {
			return fmt.Errorf("TPM: it gave %d bytes", len(r.Data.Buffer))
		}
		copy(b[:], r.Data.Buffer)
		clear(r.Data.Buffer)
		return nil
	})
	return b, err
}

// Remove takes an index of ours out of the TPM, with what is in it.
func (t *TPM) Remove(i Index) error {
	r, err := t.public(i)
	if err != nil {
		return err
	}
	_, err = tpm2.NVUndefineSpace{
		AuthHandle: tpm2.TPMRHOwner,
		NVIndex:    tpm2.NamedHandle{Handle: tpm2.TPMHandle(i), Name: r.NVName},
	}.Execute(t.t)
	return explain(err)
}

// use runs f with what permits the use of an index: a session that is bound to how the machine
// booted, and encrypted by a key that only this TPM has, because its bus can be listened to.
func (t *TPM) use(i Index, encrypted tpm2.AuthOption, f func(tpm2.AuthHandle, tpm2.NamedHandle) error) (err error) {
	r, err := t.public(i)
	if err != nil {
		return err
	}
	// AES in CFB mode, which the TPM's standard has, is not in Go's FIPS 140-3 module.
	fips140.WithoutEnforcement(func() {
		var salt *tpm2.CreatePrimaryResponse
		if salt, err = (tpm2.CreatePrimary{PrimaryHandle: tpm2.TPMRHNull, InPublic: tpm2.New2B(tpm2.ECCSRKTemplate)}).Execute(t.t); err != nil {
			err = explain(err)
			return
		}
		defer func() {
			_, flush := tpm2.FlushContext{FlushHandle: salt.ObjectHandle}.Execute(t.t)
			err = errors.Join(err, explain(flush))
		}()
		var pub *tpm2.TPMTPublic
		if pub, err = salt.OutPublic.Contents(); err != nil {
			return
		}
		auth := tpm2.Policy(tpm2.TPMAlgSHA256, 16, policy, tpm2.Salted(salt.ObjectHandle, *pub), encrypted)
		err = f(tpm2.AuthHandle{Handle: tpm2.TPMHandle(i), Name: r.NVName, Auth: auth},
			tpm2.NamedHandle{Handle: tpm2.TPMHandle(i), Name: r.NVName})
	})
	return err
}

// policy is satisfied while PCR 7 is as it was when the index was made.
func policy(t transport.TPM, session tpm2.TPMISHPolicy, _ tpm2.TPM2BNonce) error {
	_, err := tpm2.PolicyPCR{
		PolicySession: session,
		Pcrs: tpm2.TPMLPCRSelection{PCRSelections: []tpm2.TPMSPCRSelection{
			{Hash: tpm2.TPMAlgSHA256, PCRSelect: tpm2.PCClientCompatible.PCRs(7)},
		}},
	}.Execute(t)
	return err
}

func (t *TPM) policyDigest() (tpm2.TPM2BDigest, error) {
	s, done, err := tpm2.PolicySession(t.t, tpm2.TPMAlgSHA256, 16, tpm2.Trial())
	if err != nil {
		return tpm2.TPM2BDigest{}, explain(err)
	}
	err = policy(t.t, s.Handle(), tpm2.TPM2BNonce{})
	var r *tpm2.PolicyGetDigestResponse
	if err == nil {
		r, err = tpm2.PolicyGetDigest{PolicySession: s.Handle()}.Execute(t.t)
	}
	if err = errors.Join(err, done()); err != nil {
		return tpm2.TPM2BDigest{}, explain(err)
	}
	return r.PolicyDigest, nil
}

// explain says in words what the TPM answered.
func explain(err error) error {
	for _, a := range []struct {
		code tpm2.TPMRC
		says error
	}{
		{tpm2.TPMRCHandle, ErrMissing},
		{tpm2.TPMRCPolicyFail, ErrChanged},
		{tpm2.TPMRCPCRChanged, ErrChanged},
		{tpm2.TPMRCBadAuth, ErrOwned},
		{tpm2.TPMRCAuthFail, ErrOwned},
		{tpm2.TPMRCLockout, ErrLockedOut},
		{tpm2.TPMRCNVSpace, ErrFull},
	} {
		if errors.Is(err, a.code) {
			return a.says
		}
	}
	if err == nil {
		return nil
	}
	if _, away := errors.AsType[*net.OpError](err); away {
		return fmt.Errorf("TPM at %s: %w: %w", Path(), ErrNone, err)
	}
	return fmt.Errorf("TPM: %w", err)
}
