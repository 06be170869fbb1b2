# Linevault. `make run` starts the box with its demonstration lines; `make test` installs what
# is missing and runs what a change must pass. `make help` lists the rest.

GO    ?= go
FUZZ  ?= 30s
DEMO  ?= build/demo
DATA  ?= build/demo-data

SHELL       := bash
.SHELLFLAGS := -eu -o pipefail -c

# The Opus binding is built without libopusfile. The version is stamped below, from git where
# there is git, so that a clone owned by another user builds too.
export GOFLAGS := $(strip $(GOFLAGS) -tags=nolibopusfile -buildvcs=false)
# Node.js from build/node, where provisioning/install.sh had to put one, else the machine's.
export PATH := $(CURDIR)/build/node/bin:$(PATH)

TOOL     = $(GO) tool -modfile=provisioning/tools.mod
PACKAGES = ./codec/... ./daemon/... ./hal/... ./storage/...
FOLDERS  = codec daemon hal storage
SCRIPTS  = .ci/run $(wildcard provisioning/*.sh hal/testvm/*.sh storage/torture/vm/*.sh)
WEB      = daemon/web/assets
VERSION  = $(shell git describe --always --dirty 2>/dev/null || echo unknown)

.PHONY: help run build demo test check fmt vet lint unit race browser fuzz bench bench-catalogue bench-signalling storm verify-static vm-test vm-gpio torture torture-vm clean

help:           ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 12

run: demo       ## the box with four demonstration lines, at an address it prints
	./linevault run --demo --demo-sound $(DEMO) --data $(DATA)

build: web      ## ./linevault, the one binary
	$(GO) build -trimpath -ldflags '-X main.version=$(VERSION)' -o linevault ./daemon

demo: build     ## the demonstration calls, spoken into build/demo
	./linevault demo --out $(DEMO)

test: install-for-tests  ## installs what is missing, then everything a change must pass
	@mkdir -p build && git status --porcelain > build/status.before 2>/dev/null || true
	$(MAKE) check
	@git status --porcelain 2>/dev/null | diff build/status.before - \
	  || { echo 'the tests left the tree other than they found it (above)' >&2; exit 1; }

check: fmt vet lint unit race  ## what a change must pass, on a machine that has it all

fmt: web        ## formatting and module files are as the tools leave them
	@found=$$($(TOOL) gofumpt -l $(FOLDERS)); test -z "$$found" \
	  || { printf '%s\n' 'fmt: run gofumpt -w on these:' "$$found" >&2; exit 1; }
	$(GO) mod tidy -diff
	$(GO) fix -diff $(PACKAGES)

vet: web        ## the compiler's own doubts
	$(GO) vet $(PACKAGES)

lint: web       ## staticcheck as staticcheck.conf says, and shellcheck
	$(TOOL) staticcheck $(PACKAGES)
	shellcheck $(SCRIPTS)

unit: web       ## all tests; those of the tree itself are never cached
	$(GO) test -count=1 -run '^Test(Layers|Docs)' ./daemon
	$(GO) test -v -timeout 30m $(PACKAGES) 2>&1 | awk -f provisioning/brief.awk

race: web       ## the packages that own goroutines, under the race detector
	$(GO) test -race -short -timeout 30m $$($(GO) list ./daemon/... ./hal/... ./storage/... | grep -v /daemon/web/browser$$)

browser: web    ## the pages in headless Chromium, once more and telling of each step
	$(GO) test -count=1 -v ./daemon/web/browser

fuzz: web       ## every fuzz target for FUZZ=30s
	@for p in $$($(GO) list $(PACKAGES)); do \
	  for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	    echo "$$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZ) $$p || exit 1; \
	  done; done

bench: install-for-tests build  ## what recording and playing cost, as lines of name, value, unit
	@provisioning/bench.sh ./linevault

bench-signalling: install-for-tests  ## digits, callers and tones beside spandsp and multimon-ng, and what hearing them costs
	@GO="$(GO)" provisioning/bench-signalling.sh

storm: web      ## 10,000 random pauses, 1,000 kills inside pauses, and a disk that is frozen: an hour, as root
	LINEVAULT_PAUSES=10000 $(GO) test -count=1 -v -timeout 2h -run StormOfPauses ./daemon/capture
	LINEVAULT_KILLS=1000 $(GO) test -count=1 -v -timeout 3h -run KilledInsidePauses ./daemon
	LINEVAULT_CORE=1 $(GO) test -count=1 -v -run NothingOfAPause ./daemon
	LINEVAULT_STALL=1 $(GO) test -count=1 -v -run DiskIsFrozen ./daemon

bench-catalogue: web  ## lists of 1, 5 and 10 million calls, the store's and SQLite's: hours, 25 GB of disk, 8 GB of memory
	@for n in 1000000 5000000 10000000; do \
	  CONTACTS=$$n $(GO) test -run '^$$' -bench BenchmarkStore -benchtime 1x -timeout 2h ./storage; \
	  (cd storage/catalogue/sqlitebench && GOFLAGS= $(GO) run -tags sqlite_fts5 . -contacts $$n); \
	done

verify-static:  ## build/linevault-verify, which checks disclosure packs and certificates anywhere, for Linux and Windows
	@mkdir -p build
	CGO_ENABLED=0 GOOS=linux GOARCH=amd64 $(GO) build -trimpath -o build/linevault-verify ./storage/disclosure/verifier
	CGO_ENABLED=0 GOOS=windows GOARCH=amd64 $(GO) build -trimpath -o build/linevault-verify.exe ./storage/disclosure/verifier
	@{ build/linevault-verify -h 2>&1 || true; } | grep -q 'Check a disclosure pack'

vm-test: web    ## thirty calls by libpri over real DAHDI, recorded and judged, in a virtual machine
	hal/testvm/run.sh build/testvm

# The short form is part of `make test`. TORTURE=10 tries ten times as much.
TORTURE ?= 1
torture:        ## every fault that storage must survive, tried at length, and a table of losses
	cd storage/torture && LINEVAULT_TORTURE=$(TORTURE) $(GO) test -count=1 -timeout 24h

vm-gpio:        ## a contact that bounces, 10,000 edges, and a lamp, on the kernel's simulated chip, in a virtual machine
	hal/testvm/gpio.sh build/testvm

torture-vm: web ## the power of a recording machine is cut, 20 times TORTURE, on a disk with a volatile cache
	storage/torture/vm/image.sh build/torturevm
	cd storage/torture && LINEVAULT_TORTURE=$(TORTURE) LINEVAULT_TORTURE_VM=$(CURDIR)/build/torturevm \
	  $(GO) test -count=1 -timeout 24h -v -run '^TestPowerCut$$'

clean:          ## what was built is removed, the demonstration's data with it
	rm -rf build linevault $(WEB)/node_modules
	find daemon/web/dist -type f ! -name .keep -delete

# The web pages' styles and scripts: made anew only when the lock file or a source changed.
.PHONY: web install install-for-tests
web: install build/stamps/web

build/stamps/web: $(WEB)/node_modules/.package-lock.json \
  $(shell find $(WEB) -name node_modules -prune -o -type f -print)
	cd $(WEB) && npm run --silent build
	@mkdir -p $(@D) && touch $@

$(WEB)/node_modules/.package-lock.json: $(WEB)/package-lock.json | install
	cd $(WEB) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

install:
	@provisioning/install.sh build

install-for-tests:
	@provisioning/install.sh test
