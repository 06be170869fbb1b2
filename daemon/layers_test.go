package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layer is a rule about who may import whom. A path stands for the package and for what is
// under it, so a rule holds for packages that are yet to come. Paths are within this module
// unless they begin with a host.
type layer struct {
	who    string   // whom the rule is about
	except []string // who under it is free of it
	never  []string // what they may not import
	but    []string // what under never they may import all the same
	// through is whether the rule follows what is imported by what is imported.
	through bool
	// tests is whether the rule is for tests, too. Most are not: a test may build what it
	// tests from other layers.
	tests bool
	why   string
}

// layers is the table.
var layers = []layer{
	{
		who: "codec", never: []string{"daemon", "hal", "storage"}, through: true,
		why: "sound knows neither hardware, nor what is kept, nor the process around it",
	},
	{
		who: "hal", never: []string{"daemon", "storage"}, through: true,
		why: "hardware does not know that calls exist, or that anything is kept",
	},
	{
		who: "storage", never: []string{"daemon", "hal"}, through: true,
		why: "what is kept does not know that hardware exists, nor the process around it",
	},
	{
		who: "hal", never: []string{"codec"}, but: []string{"codec/pcm", "codec/wav", "codec/wipe", "codec/g711", "codec/dsp"},
		why: "hardware gives samples and what can be heard in them; packets are the encoder's",
	},
	{
		who: "codec/pcm", never: []string{"codec", "daemon", "hal", "storage", "."}, through: true,
		why: "it is the leaf that everyone may import, so it imports only the standard library",
	},
	{
		who: "daemon/pause", never: []string{"storage"}, but: []string{"storage/durable"}, through: true,
		why: "the gate decides by positions alone, before anything is kept; its pauses that stand are a file of its own",
	},
	{
		who: "daemon/call", never: []string{"storage"}, through: true,
		why: "a detector is a function of blocks, whatever becomes of the call",
	},
	{
		who: "daemon/web", never: []string{"codec", "daemon", "hal", "storage"},
		but: []string{"codec/pcm", "daemon/auth", "daemon/control", "daemon/link", "daemon/web"},
		why: "pages reach cards and keys only through daemon/control, which checks permission and purpose in one place",
	},
	{
		who: "daemon/console", never: []string{"codec", "daemon", "hal", "storage"},
		but: []string{"codec/pcm", "daemon/auth", "daemon/control", "daemon/link", "daemon/console"},
		why: "the console reaches cards and keys only through daemon/control, which checks permission and purpose in one place",
	},
	{
		who: "daemon/api", never: []string{"storage", "hal/analogue", "hal/gpio", "hal/pri", "hal/replay", "hal/siprec", "daemon/control", "daemon/web"},
		but: []string{"storage/durable"},
		why: "the pause API lives in the recorder, which works while the desk is down and opens nothing that is kept",
	},
	{
		who: "daemon/capture", never: []string{"daemon/control", "daemon/web", "daemon/auth", "storage/sound", "storage/ledger"},
		why: "the recorder holds public keys only, and opens nothing that is kept",
	},
	{
		who: "daemon/private", never: []string{"codec", "daemon", "hal", "storage"}, but: []string{"daemon/private", "storage/durable"},
		why: "the recorder's secret knows nothing of what it is for",
	},
	{
		who: "daemon/remedy", never: []string{"codec", "hal", "daemon/capture", "daemon/control", "daemon/web"}, but: []string{"codec/pcm"},
		why: "the desk's work on what should not have been kept needs the store, the ledger and the board of alarms, and no face",
	},
	{
		who: "daemon/linetest", never: []string{"codec/dsp", "daemon/capture", "daemon/control", "daemon/web", "hal", "storage/segment", "storage/sound"},
		why: "a line test knows what the recorder tells of levels and states; whoever makes one never hears a call",
	},
	{
		who: "", except: []string{"codec/opus"}, never: []string{"github.com/hraban/opus"}, tests: true,
		why: "libopus is reached through codec/opus alone",
	},
	{
		who: "", except: []string{"hal/analogue"}, never: []string{"github.com/gordonklaus/portaudio"}, tests: true,
		why: "PortAudio is reached through hal/analogue alone",
	},
	{
		who: "", except: []string{"hal/gpio"}, never: []string{"periph.io"},
		why: "contacts are reached through hal/gpio alone",
	},
	{
		who: "", except: []string{"storage/keys/tpm"}, never: []string{"github.com/google/go-tpm"},
		why: "a TPM is reached through storage/keys/tpm alone",
	},
	{
		who: "", except: []string{"storage/keys/recovery"}, never: []string{"filippo.io/age"},
		why: "recovery copies are storage/keys/recovery's, which alone goes past FIPS mode for it",
	},
	{
		who: "", except: []string{"storage"}, never: []string{"go.etcd.io/bbolt"},
		why: "segments are files of storage; nobody else opens one",
	},
	{
		who: "", except: []string{"storage/torture"}, never: []string{"storage/torture"},
		why: "what tortures a store is for tests alone",
	},
}

// pkg is what `go list` tells of a package.
type pkg struct {
	ImportPath                               string
	Imports, TestImports, XTestImports, Deps []string
}

const module = "linevault"

// TestLayers holds the tree to the table.
func TestLayers(t *testing.T) {
	cmd := exec.Command("go", "list", "-e", "-tags=nolibopusfile", "-json=ImportPath,Imports,TestImports,XTestImports,Deps",
		module+"/codec/...", module+"/daemon/...", module+"/hal/...", module+"/storage/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
	if len(packages) < 10 {
		t.Fatalf("go list knows only %d packages", len(packages))
	}
	for _, v := range violations(packages) {
		t.Error(v)
	}
}

// TestLayersRefuse shows that every rule of the table can be broken.
func TestLayersRefuse(t *testing.T) {
	for _, l := range layers {
		p := pkg{ImportPath: full(orElse(l.who, "daemon")) + "/later"}
		bad := l.never[len(l.never)-1]
		if bad == "." {
			bad = "example.org/x"
		}
		switch {
		case l.through:
			p.Deps = []string{full(bad) + "/x"}
		case l.tests:
			p.XTestImports = []string{full(bad) + "/x"}
		default:
			p.Imports = []string{full(bad) + "/x"}
		}
		if got := violations([]pkg{p}); len(got) == 0 {
			t.Errorf("%s may import %s, although %s", p.ImportPath, bad, l.why)
		}
	}
}

func violations(packages []pkg) []string {
	var found []string
	for _, p := range packages {
		for _, l := range layers {
			if !under(p.ImportPath, full(l.who)) || slices.ContainsFunc(l.except, func(e string) bool { return under(p.ImportPath, full(e)) }) {
				continue
			}
			imports := slices.Clone(p.Imports)
			if l.through {
				imports = append(imports, p.Deps...)
			}
			if l.tests {
				imports = slices.Concat(imports, p.TestImports, p.XTestImports)
			}
			slices.Sort(imports)
			for _, i := range slices.Compact(imports) {
				if l.forbids(p, i) {
					found = append(found, fmt.Sprintf("%s imports %s: %s", p.ImportPath, i, l.why))
				}
			}
		}
	}
	return found
}

func (l layer) forbids(p pkg, path string) bool {
	if path == p.ImportPath || slices.ContainsFunc(l.but, func(b string) bool { return under(path, full(b)) }) {
		return false
	}
	return slices.ContainsFunc(l.never, func(n string) bool {
		if n == "." { // any module but ours and the standard library, vendored parts of it included
			first, _, _ := strings.Cut(path, "/")
			return strings.Contains(first, ".")
		}
		return under(path, full(n))
	})
}

// full is a path of the table as an import path.
func full(path string) string {
	first, _, _ := strings.Cut(path, "/")
	switch {
	case path == "":
		return module
	case strings.Contains(first, "."):
		return path
	}
	return module + "/" + path
}

func under(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
