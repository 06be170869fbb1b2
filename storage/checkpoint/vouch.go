package checkpoint

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// vouchWords come before the key, on the second line of what Vouch signs. No checkpoint has
// such a line.
const vouchWords = "certificates of destruction are signed by "

// Vouch signs that certificates of destruction of this box are signed by another key, so that
// who has the box's public key needs no other.
func (k *Key) Vouch(certificates ed25519.PublicKey) ([]byte, error) {
	signed, err := note.Sign(&note.Note{Text: vouchText(k.public, certificates)}, signer{k})
	if err != nil {
		return nil, fmt.Errorf("vouch for the key of certificates: %w", err)
	}
	return signed, nil
}

func vouchText(k PublicKey, certificates ed25519.PublicKey) string {
	return fmt.Sprintf("%s\n%s%s\n", k.Name(), vouchWords, hex.EncodeToString(certificates))
}

var errVouch = errors.New("the box's signature of the key of its certificates was changed, or is of another box")

// OpenVouch returns the key that the box whose key k is has signed as that of its certificates.
func OpenVouch(signed []byte, k PublicKey) (ed25519.PublicKey, error) {
	v, err := note.NewVerifier(string(k))
	if err != nil || len(signed) > MaxSize {
		return nil, errVouch
	}
	text, err := openNote(signed, v)
	if err != nil {
		return nil, errVouch
	}
	_, line, _ := strings.Cut(text, "\n")
	words, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), vouchWords)
	key, err := hex.DecodeString(words)
	if !ok || err != nil || len(key) != ed25519.PublicKeySize || vouchText(k, key) != text {
		return nil, errVouch
	}
	return key, nil
}
