package keys

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestNothingReadable looks for the secrets in what is printed and in all files but one.
func TestNothingReadable(t *testing.T) {
	dir := create(t, "calls")
	k, err := OpenRing(dir)
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := readRoot(folder(dir))
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string][]byte{"root": r.secret(), "store": k.file.store(), "mac": k.key.mac(), "keyring": r.derive("linevault keyring v1")}
	for p, sealed := range k.file.periods {
		if secrets[p.String()], err = k.key.openPeriod(p, sealed); err != nil {
			t.Fatal(err)
		}
	}
	rec, err := OpenRecipients(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	type holder struct {
		ring *Ring
		root root
		rec  *Recipients
	}
	for _, v := range []any{k, r, rec, &r, holder{k, r, rec}, k.key, k.file} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d", "%q"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		if b, err := json.Marshal(v); err == nil {
			out.Write(b)
		}
	}
	texts := readAll(t, dir)
	delete(texts, filepath.Join(folder(dir), rootName))
	texts["print"] = out.String()
	for name, b := range secrets {
		decimal := strings.Trim(fmt.Sprint(b[4:12]), "[]")
		forms := []string{string(b[4:12]), hex.EncodeToString(b[4:12]), decimal, strings.ReplaceAll(fmt.Sprintf("%#v", b[4:12])[7:], "}", "")}
		for where, text := range texts {
			for _, form := range forms {
				if strings.Contains(text, form) {
					t.Errorf("the %s key is in %s", name, where)
				}
			}
		}
	}
}
