#!/bin/sh
# What the virtual machine does. Each part prints "PASS part" or "FAIL part".
export LD_LIBRARY_PATH=/test/lib HOME=/root
cd /run || exit

up() { cut -d' ' -f1 /proc/uptime; }
part() {
	echo "--- $* at $(up) s"
	if "$@"; then echo "PASS $1"; else echo "FAIL $1"; fi
}

driver() {
	modprobe dahdi_dynamic && modprobe dahdi_dynamic_loc && /test/dahdi_cfg
}

# says SENTENCE [VERB]: the card cannot be opened and says why.
says() {
	/test/peer "${2:-aligned}" /test/speech.al >/run/said 2>&1 && return 1
	cat /run/said
	grep -q "$1" /run/said
}

# speak END ...: those ends talk, from a moment before it returns until hush.
speak() {
	/test/peer speak /test/speech.al "$@" &
	speaker=$!
	sleep 1
}

# hush: the ends fall silent. Its status is that of the command before it.
hush() {
	before=$?
	kill "$speaker"
	wait "$speaker" 2>/dev/null
	return $before
}

# What is wrong with a driver is said in one sentence, with what to do.
no_driver() { says 'the DAHDI driver is not loaded; load it'; }

no_span() {
	modprobe dahdi auto_assign_spans=1 && says 'there is no span 3, nor any other; load'
}

wrong_span() { says 'there is no span 9; there are' wrong; }

busy() {
	speak switchboard
	says 'channel 32 is in use; DAHDI is held by peer (process [0-9]*); stop it'
	hush
}

# Two spans that hear the same: the legs must be one sample stream.
aligned() {
	speak network
	/test/peer aligned /test/speech.al
	hush
}

# Thirty timeslots both ways, octet by octet.
streams() {
	speak network switchboard
	/test/peer streams /test/speech.al
	hush
}

# The reader stands still for longer than the driver has room for.
overrun() {
	speak network switchboard
	/test/peer overrun /test/speech.al &
	reader=$!
	sleep 3
	kill -STOP $reader
	sleep 3
	kill -CONT $reader
	wait $reader
	hush
}

# One span is taken away by the driver while it is read, and given back.
restart() {
	speak network switchboard
	/test/peer restart /test/speech.al
	hush
}

# The spans named the wrong way round; the call tells which is which.
swapped() {
	speak network switchboard
	/test/exchange 16 47 glare &
	exchange=$!
	/test/peer swapped /test/speech.al
	status=$?
	wait $exchange
	hush
	return $status
}

# The box records while libpri's two ends make calls and everybody talks.
calls() {
	speak network switchboard
	/test/linevault run --config /test/linevault.toml --data /run/data >/run/box.log 2>&1 &
	box=$!
	n=0
	until grep -qs 'msg=recording' /run/box.log; do
		n=$((n + 1))
		if [ $n -ge 600 ] || ! kill -0 $box 2>/dev/null; then
			cat /run/box.log
			hush
			return 1
		fi
		sleep 0.2
	done
	sleep 1
	echo "the box records at $(up) s"
	/test/exchange 16 47 thirty glare hold drop
	status=$?
	echo "the exchange is done at $(up) s"
	sleep 6 # the hold-back, and what an emulated processor is behind
	kill -INT $box
	wait $box
	hush
	grep 'level=[WE]' /run/box.log
	return $status
}

export_all() {
	mkdir /run/out
	/test/linevault calls --json --data /run/data >/run/out/calls.json || return 1
	sed 's/.*"id":"\([^"]*\)".*/\1/' /run/out/calls.json | while read -r id; do
		/test/linevault export "$id" -o "/run/out/$id.wav" --data /run/data >/run/export.log 2>&1 || { cat /run/export.log; exit 1; }
	done || return 1
	cp /run/box.log /run/out/
	modprobe virtio_pci
	modprobe virtio_blk
	sleep 0.2
	tar cf /dev/vda -C /run/out .
}

echo "the machine is up at $(up) s"
part no_driver
part no_span
part driver
part wrong_span
part busy
part aligned
part streams
part overrun
part swapped
part restart
part calls
part export_all
