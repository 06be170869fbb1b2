#!/usr/bin/env bash
# What recording and playing cost, as lines of name, value, unit. Every figure is a ratio
# taken in one run, or stands beside one: no figure fails anything.
set -euo pipefail
box=${1:-./linevault}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# One process: the whole path against libopus alone on the same sound, in turn.
"$box" bench

few=$("$box" bench --only memory --lines 10)
many=$("$box" bench --only memory --lines 110)
echo "memory_per_line $(((many - few) / 100)) KiB"

# Four ISDN 30 circuits, 120 lines, in real time through the recorder: does a line fall behind?
for complexity in 5 1; do
	"$box" bench --only circuits --lines 120 --seconds 30 --complexity "$complexity"
done

# Instructions, which neither neighbours nor the clock change: the whole path over libopus
# alone. What both need besides is counted apart and taken off. One processor and no garbage
# collection, because both do as much as the moment suggests; the processor time above has both.
instructions() {
	GOGC=off GOMAXPROCS=1 GODEBUG=asyncpreemptoff=1 valgrind --tool=callgrind --callgrind-out-file=/dev/null "$box" bench --only "$1" --lines 4 --seconds "$2" --complexity "$3" 2>&1 |
		sed -nE 's/.*Collected *: *([0-9]+).*/\1/p'
}
if command -v valgrind >/dev/null; then
	path=0 bare=0 none=0 # set by name below
	for complexity in 5 1; do
		for what in path bare none; do
			long=$(instructions "$what" 16 "$complexity")
			short=$(instructions "$what" 6 "$complexity")
			printf -v "$what" %s $((long - short))
		done
		awk -v p="$path" -v b="$bare" -v n="$none" -v c="$complexity" \
			'BEGIN { printf "path_instructions_over_libopus_complexity%d %.3f ratio\n", c, (p - n) / (b - n) }'
	done
else
	echo 'valgrind is not installed: instructions were not counted' >&2
fi

# Whole programs on the same file: processor seconds, the median of five in turn.
speech="$dir/speech.wav"
sox /usr/share/asterisk/sounds/en_US_f_Allison/*.wav -r 8000 -c 1 "$dir/all.wav"
sox "$dir/all.wav" "$speech" trim 0 600
seconds() { # COMMAND...: user and system seconds
	local t
	t=$({ TIMEFORMAT='%U %S'; time "$@" >/dev/null 2>&1; } 2>&1)
	awk '{ print $1 + $2 }' <<<"$t"
}
ours() { rm -rf "$dir/data"; "$box" replay --data "$dir/data" "$speech"; }
ffmpeg_() {
	ffmpeg -y -v error -threads 1 -i "$speech" -c:a libopus -b:a 16k -vbr on -application voip -frame_duration 60 \
		-compression_level 5 "$dir/out.ogg"
}
for _ in 1 2 3 4 5; do
	a=$(seconds ours)
	b=$(seconds ffmpeg_)
	awk -v a="$a" -v b="$b" 'BEGIN { print a / b }'
done | sort -n | sed -n '3s/^\(.*\)$/program_over_ffmpeg_libopus \1 ratio/p'

# A browser's first sound of a call of ten minutes over HTTPS: a new connection, nothing of the
# call in the page cache. And what recording costs the disk, with 240 legs.
metrics() { # PREFIX: the figures of one line of `go test -bench`, as ours
	awk -v prefix="$1" '/^Benchmark/ { for (i = 3; i < NF; i += 2) if ($(i + 1) != "ns/op") print prefix "_" $(i + 1), $i, ($(i + 1) ~ /ms$/ ? "ms" : "ratio") }'
}
go=${GO:-go}
"$go" test -run '^$' -bench '^BenchmarkFirstSoundCold$' -benchtime 100x ./daemon/web | metrics first_sound_https_cold
"$go" test -run '^$' -bench '^BenchmarkDisk$/^legs=240$' -benchtime 1x ./storage | metrics disk_240_legs
