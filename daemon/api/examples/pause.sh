#!/bin/sh
# Pauses a line while a command runs, with curl:
#   LINEVAULT_URL=https://box:8444 LINEVAULT_TOKEN=lvt_... LINEVAULT_CA=box.pem \
#     ./pause.sh parking take-the-payment
# The command is not run unless the box confirmed the pause. Whatever becomes of the command,
# the line is resumed afterwards.
set -eu
line=$1
shift
ask() { # METHOD [curl's arguments]
	method=$1
	shift
	curl --silent --show-error --fail-with-body --max-time 2 --cacert "$LINEVAULT_CA" \
		--header "Authorization: Bearer $LINEVAULT_TOKEN" --request "$method" "$@" \
		"$LINEVAULT_URL/v1/lines/$line/pause"
}
ask PUT --json '{"reason": "card payment", "max_seconds": 300}'
trap 'ask DELETE --retry 5 --retry-all-errors' EXIT
"$@"
