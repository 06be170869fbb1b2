package hook

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// The example that Standard Webhooks gives to implementers.
func TestSignature(t *testing.T) {
	s, err := ParseSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	got := s.header("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("signed as %s, not as %s", got, want)
	}
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err = ParseSigner(secret + "\nwhsk_" + base64.StdEncoding.EncodeToString(private.Seed()) + "\n")
	if err != nil {
		t.Fatal(err)
	}
	both := strings.Fields(s.header("evt_1", time.Unix(9, 0), []byte("x")))
	if len(both) != 2 || !strings.HasPrefix(both[0], "v1,") || !strings.HasPrefix(both[1], "v1a,") {
		t.Fatalf("signed as %q", both)
	}
	sig, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(both[1], "v1a,"))
	if err != nil || !ed25519.Verify(public, []byte("evt_1.9.x"), sig) {
		t.Errorf("%q is not right: %v", both[1], err)
	}
	for _, bad := range []string{"", "secret", "whsec_", "whsec_c2hvcnQ=", "whsk_" + base64.StdEncoding.EncodeToString(make([]byte, 31)), secret + " x"} {
		if _, err := ParseSigner(bad); err != errSecret {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if fmt.Sprintf("%v %+v %s", s, s, s) != "Signer(…) Signer(…) Signer(…)" {
		t.Error("a secret can be printed")
	}
	if _, err := ParseSigner(NewSecret()); err != nil {
		t.Error(err)
	}
}

// Another program, which has only the secret and the standard's text, verifies what arrives.
const verify = `
import base64, hashlib, hmac, json, sys
key = base64.b64decode(sys.argv[1].removeprefix("whsec_"))
for line in sys.stdin:
    m = json.loads(line)
    signed = (m["id"] + "." + m["at"] + ".").encode() + base64.b64decode(m["body"])
    want = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    if not any(hmac.compare_digest(want, s) for s in m["signature"].split(" ")):
        sys.exit("not right: " + m["id"])
    print("right", json.loads(base64.b64decode(m["body"]))["type"])
`

func TestPythonVerifies(t *testing.T) {
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("SKIPPED: WEBHOOKS WERE NOT VERIFIED BY ANOTHER PROGRAM: there is no python3")
	}
	e, r := newEnds(t), newReceiver(t)
	e.tell("one", "two", "three")
	e.write()
	e.send(func() bool { return len(r.taken()) == 3 }, quick, to(t, r))
	var in bytes.Buffer
	for _, m := range r.taken() {
		if err := json.NewEncoder(&in).Encode(map[string]any{"id": m.id, "at": m.at, "signature": m.signature, "body": m.body}); err != nil {
			t.Fatal(err)
		}
	}
	lines := in.String()
	check := func(in string) (string, error) {
		cmd := exec.Command("python3", "-c", verify, secret)
		cmd.Stdin = strings.NewReader(in)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := check(lines); err != nil || out != strings.Repeat("right call.started\n", 3) {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := check(strings.Replace(lines, `"at":"`, `"at":"1`, 1)); err == nil {
		t.Errorf("another time is right, too: %s", out)
	}
}
