package seal

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// TestKeysDoNotLeak prints keys in every way that a program prints by mistake.
func TestKeysDoNotLeak(t *testing.T) {
	secret := []byte("thirty-two secret bytes, no less")
	key := newKey(secret)
	priv, err := ParsePrivateKey("calls", "2026-11-22", secret)
	if err != nil {
		t.Fatal(err)
	}
	type holder struct {
		Key     *Key
		Value   Key
		Private *PrivateKey
		key     *Key
		value   Key
		private PrivateKey
	}
	h := holder{key, *key, priv, key, *key, *priv}
	var out bytes.Buffer
	for _, v := range []any{key, *key, priv, *priv, h, &h, []any{key, priv}, map[string]any{"k": *key}, []Key{*key}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%08b", "%T"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		b, err := json.Marshal(v)
		if err != nil {
			t.Error(err)
		}
		out.Write(b)
		for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			slog.New(handler).Info("key", "v", v)
		}
	}
	fmt.Fprintln(&out, fmt.Errorf("with %v: %w", key, ErrOpen))
	enc := derive(secret, "linevault box key v1")
	for _, s := range [][]byte{secret, enc} {
		decimal := strings.Trim(fmt.Sprint(s[8:16]), "[]")
		for _, form := range []string{
			string(s[8:16]), hex.EncodeToString(s[8:16]), strings.ToUpper(hex.EncodeToString(s[8:16])),
			base64.StdEncoding.EncodeToString(s)[8:24], decimal, strings.ReplaceAll(decimal, " ", ","),
			fmt.Sprintf("% x", s[8:16]), strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", s[8:16]), "[]byte{"), "}"),
		} {
			if strings.Contains(out.String(), form) {
				t.Errorf("printed as %s", form)
			}
		}
	}
	if !strings.Contains(out.String(), `"Key":"Key(…)"`) || !strings.Contains(out.String(), "v=PrivateKey(…)") {
		t.Errorf("keys do not print as Key(…):\n%s", out.String())
	}
}
