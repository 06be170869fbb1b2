package api

import (
	"context"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"linevault/codec/pcm"
	"linevault/daemon/capture"
	"linevault/daemon/link"
)

// A receipt says what the answer says, and is verified as daemon/DESIGN.md tells.
func TestReceipt(t *testing.T) {
	b := newBox(t)
	p := b.want(200, "PUT", "/v1/lines/parking/pause", `{"reason": "ü < & \u2028"}`, "Idempotency-Key", "k-1")
	var public PublicKey
	if err := json.Unmarshal(b.want(200, "GET", "/v1/key", "", "Authorization", "").raw, &public); err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode([]byte(public.PEM))
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := base64.StdEncoding.DecodeString(p.Receipt.Signature)
	if err != nil {
		t.Fatal(err)
	}
	if !ed25519.Verify(key.(ed25519.PublicKey), []byte(p.Receipt.Signed), signature) || p.Receipt.Key != public.Key {
		t.Errorf("receipt %+v does not verify by %+v", p.Receipt, public)
	}
	var s Statement
	if err := json.Unmarshal([]byte(p.Receipt.Signed), &s); err != nil {
		t.Fatal(err)
	}
	if s.State != link.Paused || s.Call != p.Call || s.Position != *p.Position || !s.At.Equal(p.At) || s.Did != "pause" || s.Terminal != "till 1" || s.Request != "k-1" {
		t.Errorf("signed %+v, answered %s", s, p.raw)
	}
	// Canonical: decoded and encoded again, with keys in order, it is the same.
	var any map[string]any
	if err := json.Unmarshal([]byte(p.Receipt.Signed), &any); err != nil {
		t.Fatal(err)
	}
	any["position"] = s.Position // a float64 would lose digits
	if again, err := json.Marshal(any); err != nil || string(again) != p.Receipt.Signed {
		t.Errorf("not canonical: %s, want %s", p.Receipt.Signed, again)
	}
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("openssl is not here to verify it as well")
	}
	dir := t.TempDir()
	put := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	args := []string{
		"pkeyutl", "-verify", "-pubin", "-inkey", put("key.pem", []byte(public.PEM)), "-rawin",
		"-in", put("signed", []byte(p.Receipt.Signed)), "-sigfile", put("signature", signature),
	}
	if out, err := exec.CommandContext(t.Context(), openssl, args...).CombinedOutput(); err != nil {
		t.Errorf("openssl: %v: %s", err, out)
	}
	put("signed", []byte(p.Receipt.Signed+" "))
	if out, err := exec.CommandContext(t.Context(), openssl, args...).CombinedOutput(); err == nil {
		t.Errorf("openssl takes another statement: %s", out)
	}
}

func TestSignerIsKeptAndNobodyElseReadsIt(t *testing.T) {
	dir := t.TempDir()
	a, err := OpenSigner(dir)
	if err != nil {
		t.Fatal(err)
	}
	b, err := OpenSigner(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !a.key.Equal(b.key) || a.id != b.id {
		t.Error("another start has another key")
	}
	path := filepath.Join(dir, "tls", "receipts.pem")
	if i, err := os.Stat(path); err != nil || i.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", i, err)
	}
	if err := os.WriteFile(path, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenSigner(dir); err == nil {
		t.Error("a damaged key is taken")
	}
}

// deaf is a recorder whose one line never answers.
type deaf struct{}

func (deaf) Status() link.Status {
	return link.Status{Lines: []link.LineState{{Line: "parking", State: link.Recording, Call: "c"}}}
}

func (deaf) Mark(ctx context.Context, _ pcm.LineID, _ capture.Mark) (capture.Receipt, error) {
	<-ctx.Done()
	return capture.Receipt{}, capture.ErrBusy
}

// What is not confirmed in time is 503, and never 200; and it is asked again under the same key.
func TestUnconfirmedIs503(t *testing.T) {
	a := Open(Settings{Recorder: deaf{}, Terminals: []Terminal{till}, Log: slog.New(slog.DiscardHandler)})
	for range 2 {
		q := httptest.NewRequestWithContext(t.Context(), "PUT", "/v1/lines/parking/pause", nil)
		q.Header.Set("Authorization", "Bearer "+token)
		q.Header.Set("Idempotency-Key", "x")
		w := httptest.NewRecorder()
		began := time.Now()
		a.Handler().ServeHTTP(w, q)
		if w.Code != 503 || time.Since(began) < confirm || w.Header().Get("Idempotency-Replayed") != "" {
			t.Errorf("%d after %v: %s", w.Code, time.Since(began), w.Body)
		}
	}
}
