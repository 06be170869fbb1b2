package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linevault/storage"
)

// What ICT does about terms: sees them, looks at what would go, puts a call under hold.
func TestRetentionAndHold(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	out := must(t, "replay", "--data", dir, speechFile(t, 5))
	lines := strings.Split(strings.TrimSpace(out), "\n")
	id := lines[len(lines)-1]
	cfg := filepath.Join(t.TempDir(), "box.toml")
	text := "[storage]\nclock = \"trusted\"\n[[class]]\nname = \"standard\"\nkeep_at_least = \"14 days\"\nkeep_at_most = \"18 months\"\n"
	if err := os.WriteFile(cfg, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if said := must(t, "retention", "status", "--data", dir, "--config", cfg); !strings.Contains(said, "at least 14 days, at most 18 months") ||
		!strings.Contains(said, "0 call(s) are past their term") {
		t.Errorf("status: %s", said)
	}
	if err := linevault("retention", "run", "--data", dir, "--config", cfg).Run(); err == nil {
		t.Error("the first run, which only notes the time, says that all is well")
	}
	for _, args := range [][]string{{"run", "--dry-run"}, {"run"}} {
		must(t, append(append([]string{"retention"}, args...), "--data", dir, "--config", cfg)...)
	}
	if said := fails(t, exitFailed, "retention", "approve", "--clock", "--reason", "x", "--data", dir, "--config", cfg); !strings.Contains(said, "nothing waits") {
		t.Errorf("approve: %s", said)
	}
	if said := must(t, "retention", "forecast", "--data", dir, "--config", cfg); !strings.Contains(said, "standard") || !strings.Contains(said, "recording stops when less than") {
		t.Errorf("forecast: %s", said)
	}
	if said := must(t, "retention", "forecast", "--json", "--data", dir, "--config", cfg); !strings.Contains(said, `"rough":true`) || !strings.Contains(said, `"class":"standard"`) {
		t.Errorf("forecast: %s", said)
	}
	must(t, "hold", "set", id, "--reason", "a claim", "--review", "2098-01-31", "--data", dir)
	if said := must(t, "hold", "list", "--data", dir); !strings.Contains(said, id) || !strings.Contains(said, "review 2098-01-31: a claim") {
		t.Errorf("list: %s", said)
	}
	must(t, "hold", "review", id, "--reason", "the claim goes on", "--review", "2099-01-31", "--data", dir)
	var listed storage.Hold
	if err := json.Unmarshal([]byte(must(t, "hold", "list", "--json", "--data", dir)), &listed); err != nil || string(listed.Call) != id || listed.Review.Year() != 2099 {
		t.Errorf("%+v, %v", listed, err)
	}
	if said := must(t, "hold", "release", id, "--reason", "settled", "--data", dir); !strings.Contains(said, "another person") {
		t.Errorf("release: %s", said)
	}
	if err := linevault("hold", "release", id, "--reason", "settled", "--data", dir).Run(); err == nil {
		t.Error("one person releases a hold")
	}
	must(t, "check", "--data", dir)
}
