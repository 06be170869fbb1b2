#!/usr/bin/env bash
# What is heard of signalling, beside spandsp and multimon-ng on the same files, and what hearing it costs
# over encoding the same sound. No figure fails anything but a file that another gets right and we do not.
set -euo pipefail
cd "$(dirname "$0")/.."
go=${GO:-go}
for tool in sox multimon-ng cc; do
	command -v "$tool" >/dev/null || echo "$tool is missing: provisioning/install.sh test installs it" >&2
done
echo '# files by decoder'
$go test -count=1 -v -run '^TestTable$' ./hal/analogue/signalling | sed -nE 's/^ +table_test\.go:[0-9]+: //p; /SKIPPED/p; /^--- FAIL/p'
echo '# talk-off: what was heard in speech that has none'
LINEVAULT_LONG=1 $go test -count=1 -v -run 'TalkOff|NoCallerInSpeech|Speech' ./codec/dsp/... | sed -nE '/_test\.go:[0-9]+: .*(of speech|in .*h.*m)/s/^ +[a-z_]+\.go:[0-9]+: //p'
echo '# a second of one leg, all detectors, and the encoder on the same sound'
$go test -run '^$' -bench '^BenchmarkSecond$' -count=5 ./hal/analogue/signalling ./codec/dsp/ringing |
	awk '/^Benchmark/ { n = $1; sub(/-[0-9]+$/, "", n); sum[n] += $3; k[n]++ }
		END { for (n in sum) printf "%s %.0f ns\n", n, sum[n] / k[n]
			enc = sum["BenchmarkSecond/opus/speech"] / k["BenchmarkSecond/opus/speech"]
			det = sum["BenchmarkSecond/detectors/speech"] / k["BenchmarkSecond/detectors/speech"]
			ring = sum["BenchmarkSecond"] / k["BenchmarkSecond"]
			printf "detectors_over_encoding %.3f ratio\ndetectors_and_ringing_over_encoding %.3f ratio\n", det / enc, (det + ring) / enc }'
