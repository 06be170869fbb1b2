package api

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/capture"
	"linevault/daemon/link"
	"linevault/storage/durable"
)

// Signer signs receipts. Its key is the recorder's own, and opens nothing.
type Signer struct {
	key ed25519.PrivateKey
	id  string
}

// OpenSigner reads the recorder's key from the folder tls of a data folder, or makes one.
func OpenSigner(dir string) (*Signer, error) {
	path := filepath.Join(dir, "tls", "receipts.pem")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if b, err = makeKey(path); err != nil {
			return nil, fmt.Errorf("the key for receipts: make one: %w", err)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the key for receipts: %w", err)
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, fmt.Errorf("the key for receipts: %s is not PEM; move it away and a new one is made", path)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the key for receipts: %s: %w; move it away and a new one is made", path, err)
	}
	k, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("the key for receipts: %s holds no Ed25519 key; move it away and a new one is made", path)
	}
	sum := sha256.Sum256(k.Public().(ed25519.PublicKey))
	return &Signer{key: k, id: hex.EncodeToString(sum[:8])}, nil
}

// makeKey writes a new key, which is there whole or not at all after a power cut.
func makeKey(path string) ([]byte, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	b := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	return b, durable.Write(path, b)
}

// Receipt is an answer that can be shown to others. Its signature is over the bytes of Signed.
type Receipt struct {
	Signed    string `json:"signed" doc:"a Statement as JSON text, keys in order and without spaces"`
	Signature string `json:"signature" doc:"Ed25519 over the bytes of signed, in base64"`
	Key       string `json:"key" doc:"which key: the first 8 bytes of the SHA-256 of the public key, in hexadecimal"`
}

// Statement is what a receipt says. Its fields are in the order of their keys.
type Statement struct {
	At       time.Time  `json:"at" doc:"where audio is cut, or begins again, by the time of day"`
	Call     string     `json:"call" doc:"the call; empty if none was being recorded"`
	Did      string     `json:"did" doc:"pause or resume"`
	LateMS   int64      `json:"late_ms" doc:"milliseconds of audio that had been recorded before the pause arrived"`
	Line     pcm.LineID `json:"line"`
	PausedBy []string   `json:"paused_by" doc:"who asks for a pause now"`
	Position pcm.Pos    `json:"position" doc:"where audio is cut, or begins again, in samples on the line's clock"`
	Request  string     `json:"request" doc:"the Idempotency-Key, if there was one"`
	Signed   time.Time  `json:"signed" doc:"when, by the box's clock"`
	State    link.State `json:"state" doc:"of the line, after the gate had switched"`
	Terminal string     `json:"terminal"`
	Version  int        `json:"version" doc:"1"`
}

func statement(q *asked, m capture.Mark, l Line) Statement {
	did := "pause"
	if m.Do == capture.Resume {
		did = "resume"
	}
	by := l.PausedBy
	if by == nil {
		by = []string{}
	}
	return Statement{
		At: l.At.UTC(), Call: l.Call, Did: did, LateMS: int64(l.LateSeconds * 1000), Line: l.Line, PausedBy: by,
		Position: *l.Position, Request: q.Header.Get("Idempotency-Key"), Signed: time.Now().UTC(),
		State: l.State, Terminal: q.terminal.Name, Version: 1,
	}
}

func (s *Signer) sign(v Statement) *Receipt {
	b := encode(v)
	b = b[:len(b)-1] // without the line's end
	return &Receipt{Signed: string(b), Signature: base64.StdEncoding.EncodeToString(ed25519.Sign(s.key, b)), Key: s.id}
}

// PublicKey is what receipts are verified with.
type PublicKey struct {
	Key       string `json:"key" doc:"as in receipts"`
	Algorithm string `json:"algorithm" doc:"Ed25519"`
	PEM       string `json:"pem" doc:"the public key, as openssl reads it"`
}

func (a *API) key(w http.ResponseWriter, _ *http.Request) {
	der, err := x509.MarshalPKIXPublicKey(a.Signer.key.Public())
	if err != nil {
		problem(w, http.StatusInternalServerError, err.Error())
		return
	}
	send(w, http.StatusOK, "application/json", encode(PublicKey{
		Key: a.Signer.id, Algorithm: "Ed25519", PEM: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
	}))
}
