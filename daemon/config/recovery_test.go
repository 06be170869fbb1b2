package config

import (
	"strings"
	"testing"

	"linevault/storage/keys"
	"linevault/storage/keys/recovery"
)

// TestRecovery reads who can bring the root key back, and refuses with the place what cannot be right.
func TestRecovery(t *testing.T) {
	var key []string
	for range 2 {
		to, _, err := recovery.NewIdentity("")
		if err != nil {
			t.Fatal(err)
		}
		key = append(key, to.Key)
	}
	two := "\n[[recovery.recipient]]\nname = \"Town clerk\"\nkey = \"" + key[0] + "\"\n[[recovery.recipient]]\nname = \"ICT\"\nkey = \"" + key[1] + "\"\n"
	c, err := Parse("box.toml", []byte(good+"[recovery]\nneeded = 2"+two))
	if err != nil {
		t.Fatal(err)
	}
	if k := c.Keys(); k.Home != keys.Auto || k.Recovery.Needed != 2 || len(k.Recovery.Recipients) != 2 || k.Recovery.Recipients[1].Name != "ICT" {
		t.Errorf("%+v", k)
	}
	if c, err := Parse("box.toml", []byte(good)); err != nil || c.Keys().Recovery != nil {
		t.Errorf("without the table: %+v, %v", c, err)
	}
	if c, err := Parse("box.toml", []byte(good+"[recovery]\nneeded = 0\n")); err != nil || !c.Keys().Recovery.Empty() {
		t.Errorf("with nobody: %+v, %v", c, err)
	}
	for name, bad := range map[string][2]string{
		"home":     {good + "[storage]\nroot = \"cloud\"", `"cloud" is not "auto", "tpm" or "file"`},
		"too many": {good + "[recovery]\nneeded = 3" + two, "box.toml:21:1: needed: 3 of 2"},
		"none":     {good + "[recovery]\nneeded = 1", "there are none"},
		"key":      {good + "[recovery]\nneeded = 1\n[[recovery.recipient]]\nname = \"Clerk\"\nkey = \"age1abc\"", `box.toml:24:1: key: the key of recovery recipient "Clerk"`},
		"same":     {good + "[recovery]\nneeded = 1" + two + strings.Replace(two, "Town clerk", "Mayor", 1), "same key"},
	} {
		if _, err := Parse("box.toml", []byte(bad[0])); err == nil || !strings.Contains(err.Error(), bad[1]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
