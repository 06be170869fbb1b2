// Package certificate has certificates of destruction as files: signed on the box, and exported
// with what lets anybody check them who has the box's public key. It needs nothing of the box.
package certificate

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
)

const firstLine = "linevault certificate of destruction 1\n"

// ErrChanged is a certificate that was changed, or that another box signed.
var ErrChanged = errors.New("the certificate is not as this box signed it")

// Is reports whether a file begins as a certificate does.
func Is(b []byte) bool { return bytes.HasPrefix(b, []byte(firstLine)) }

// Sign is a certificate as a file: the first line, what it says as one line of JSON, and one
// line with the public key in hex and the signature of all before it.
func Sign(says []byte, key ed25519.PrivateKey) []byte {
	b := append([]byte(firstLine), append(says, '\n')...)
	public := key.Public().(ed25519.PublicKey)
	signature := base64.StdEncoding.EncodeToString(ed25519.Sign(key, b))
	return fmt.Appendf(b, "signed %s %s\n", hex.EncodeToString(public), signature)
}

// Open returns what a certificate says that was signed with the key.
func Open(b []byte, key ed25519.PublicKey) (says []byte, err error) {
	at := bytes.LastIndex(b, []byte("\nsigned ")) + 1
	if at < len(firstLine) || !Is(b) {
		return nil, ErrChanged
	}
	words := bytes.Split(b[at:], []byte(" "))
	if len(words) != 3 || string(words[1]) != hex.EncodeToString(key) || !bytes.HasSuffix(words[2], []byte("\n")) {
		return nil, ErrChanged
	}
	text := string(bytes.TrimSuffix(words[2], []byte("\n")))
	signature, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || base64.StdEncoding.EncodeToString(signature) != text || !ed25519.Verify(key, b[:at], signature) {
		return nil, ErrChanged
	}
	return b[len(firstLine):at], nil
}
