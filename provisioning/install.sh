#!/usr/bin/env bash
# install.sh [build|test]: puts onto a Debian 12 machine what building needs, or what
# building and testing need. What is there already is left alone, so it is quick when
# nothing is missing. It needs root or sudo only when a Debian package is missing.
set -euo pipefail

# Node 18, as Debian 12 has it, builds the pages; Playwright in the browser test wants 20.
readonly go_minor=26 node_build=18 node_test=20 node_fetch=22.23.3

root=$(cd "$(dirname "$0")/.." && pwd)
what=${1:-build}

# gcc to libopus-dev and portaudio19-dev: the two C libraries that we link with, and what
# links them. flite: the voices of the demonstration calls.
build_packages=(gcc libc6-dev make pkgconf git ca-certificates libopus-dev portaudio19-dev flite)

# The peers that tests compare us with, a browser, a sound server to play into, and speech;
# a TPM in software, and the program whose files the recovery copies are.
test_packages=(opus-tools ffmpeg sox multimon-ng libspandsp-dev tshark chromium shellcheck valgrind gdb
	pulseaudio pulseaudio-utils libasound2-plugins alsa-utils swtpm age
	asterisk-core-sounds-en-wav codec2-examples)

say() { printf '%s\n' "$*" >&2; }
stop() { say "install: $*"; exit 1; }

have() { command -v "$1" >/dev/null 2>&1; }

# installed PACKAGE: reports whether dpkg has it. pkgconf may stand under its older name.
installed() {
	dpkg-query -W -f='${Status}\n' "$1" 2>/dev/null | grep -q '^install ok installed$'
}

node_major() { node --version 2>/dev/null | sed -n 's/^v\([0-9]*\).*/\1/p'; }

as_root() {
	if [ "$(id -u)" = 0 ]; then
		env DEBIAN_FRONTEND=noninteractive "$@"
	elif have sudo; then
		sudo env DEBIAN_FRONTEND=noninteractive "$@"
	else
		return 127
	fi
}

debian_packages() {
	local wanted=("${build_packages[@]}") missing=() p
	[ "$what" = test ] && wanted+=("${test_packages[@]}")
	have node || wanted+=(nodejs)
	have npm || wanted+=(npm)
	have dpkg-query || stop "this is not Debian: install the equivalents of: ${wanted[*]}"
	for p in "${wanted[@]}"; do
		[ "$p" = pkgconf ] && have pkg-config && continue
		installed "$p" || missing+=("$p")
	done
	[ ${#missing[@]} = 0 ] && return
	if [ "$(id -u)" != 0 ] && ! have sudo; then
		stop "these Debian packages are missing, and this user is neither root nor has sudo; ask an administrator to run: apt-get install ${missing[*]}"
	fi
	say "install: installing from Debian: ${missing[*]}"
	local apt=(apt-get -qq -o DPkg::Lock::Timeout=120)
	as_root "${apt[@]}" update || say "install: the package lists could not be refreshed; going on with those there are"
	as_root "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null ||
		stop "apt-get could not install: ${missing[*]}; see what it printed above"
}

go_toolchain() {
	local from="Debian 12 has none so new: take it from https://go.dev/dl/, unpack it in /usr/local and put /usr/local/go/bin on the PATH"
	have "${GO:-go}" || stop "Go 1.$go_minor or newer is needed and there is no Go here. $from"
	local version minor
	version=$("${GO:-go}" env GOVERSION)
	minor=$(sed -n 's/^go1\.\([0-9]*\).*/\1/p' <<<"$version")
	# A development build has no number; it is newer than any release.
	[ -z "$minor" ] || [ "$minor" -ge $go_minor ] || stop "Go 1.$go_minor or newer is needed; this is $version. $from"
}

# node_for_tests puts a newer Node.js under build/node where Debian's own is the only one.
# It comes as an npm package, so nothing is installed outside this folder.
node_for_tests() {
	local major arch
	major=$(node_major)
	[ "${major:-0}" -ge $node_build ] || stop "Node.js $node_build or newer is needed to build the web pages; this is $(node --version 2>/dev/null || echo none). Remove it, so that Debian's is installed, or install a newer one"
	[ "$what" = test ] || return 0
	[ "$major" -lt $node_test ] || return 0
	[ -x "$root/build/node/bin/node" ] && return
	case $(uname -m) in
	x86_64) arch=x64 ;;
	aarch64) arch=arm64 ;;
	*) stop "Node.js $node_test or newer is needed for the browser test; install it and try again" ;;
	esac
	say "install: fetching Node.js $node_fetch for the browser test (this machine has $(node --version))"
	mkdir -p "$root/build/node-package"
	npm install --prefix "$root/build/node-package" --ignore-scripts --no-audit --no-fund --loglevel=error \
		"node-linux-$arch@$node_fetch" >/dev/null || stop "npm could not fetch node-linux-$arch@$node_fetch"
	ln -sfn "node-package/node_modules/node-linux-$arch" "$root/build/node"
}

case $what in
build | test) ;;
*) stop "usage: install.sh [build|test]" ;;
esac
debian_packages
go_toolchain
node_for_tests
