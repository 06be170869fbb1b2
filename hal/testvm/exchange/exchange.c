/*
 * exchange: both ends of an ISDN 30 circuit, by libpri on two DAHDI D-channels.
 *
 *   exchange NETWORK USER SCENARIO...      the D-channels by DAHDI's channel number
 *
 * Scenarios: thirty (a call on every timeslot at once, each with numbers of its own), glare (both ends
 * seize one timeslot, the network wins), hold (a call is held and comes back on another timeslot), drop
 * (the D-channel is lost in mid call, for long enough for both ends to notice, and comes back).
 * A failed step is said and makes the exit status 1.
 */
#include <dahdi/user.h>
#include <errno.h>
#include <fcntl.h>
#include <libpri.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { NET, USER };

static struct end {
	struct pri *pri;
	int fd;
} ends[2];

static const char *const names[] = { "network", "user" };

/* What libpri has told and no step has asked for yet. */
static struct {
	int who;
	pri_event event;
} queue[512];
static int queued;

static int connected = 1; /* the D-channel carries what the ends send */
static int failed;

static long long now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

static int send_frame(struct pri *pri, void *frame, int length)
{
	struct end *end = pri_get_userdata(pri);
	if (!connected)
		return length;
	if (write(end->fd, frame, length) < 0 && errno != EAGAIN)
		perror("exchange: write");
	return length;
}

static int receive_frame(struct pri *pri, void *frame, int size)
{
	struct end *end = pri_get_userdata(pri);
	int n = read(end->fd, frame, size), event = 0;
	if (n >= 0)
		return n;
	if (errno == ELAST)
		ioctl(end->fd, DAHDI_GETEVENT, &event);
	return 0;
}

static void quiet(struct pri *pri, char *text)
{
	(void)pri;
	(void)text;
}

static void open_end(int who, int channel)
{
	struct end *end = &ends[who];
	struct dahdi_bufferinfo buffers = {
		.txbufpolicy = DAHDI_POLICY_IMMEDIATE, .numbufs = 32, .bufsize = 1024,
	};
	end->fd = open("/dev/dahdi/channel", O_RDWR | O_NONBLOCK);
	if (end->fd < 0 || ioctl(end->fd, DAHDI_SPECIFY, &channel) || ioctl(end->fd, DAHDI_SET_BUFINFO, &buffers)) {
		perror("exchange: D-channel");
		exit(1);
	}
	end->pri = pri_new_cb(end->fd, who == NET ? PRI_NETWORK : PRI_CPE, PRI_SWITCH_EUROISDN_E1,
			      receive_frame, send_frame, end);
	pri_set_overlapdial(end->pri, 1);
	pri_hold_enable(end->pri, 1);
	pri_facility_enable(end->pri);
	pri_hangup_fix_enable(end->pri, 1);
}

static void note(int who, pri_event *event)
{
	if (event && queued < (int)(sizeof queue / sizeof *queue)) {
		queue[queued].who = who;
		queue[queued++].event = *event;
	}
}

/* Lets both ends work for at most that long. */
static void turn(int ms)
{
	struct pollfd polled[2];
	struct timeval now, *next;
	gettimeofday(&now, NULL);
	for (int i = 0; i < 2; i++) {
		polled[i] = (struct pollfd){ .fd = ends[i].fd, .events = POLLIN | POLLPRI };
		if ((next = pri_schedule_next(ends[i].pri))) {
			long wait = (next->tv_sec - now.tv_sec) * 1000 + (next->tv_usec - now.tv_usec) / 1000 + 1;
			ms = wait < 0 ? 0 : wait < ms ? wait : ms;
		}
	}
	poll(polled, 2, ms);
	for (int i = 0; i < 2; i++)
		note(i, pri_schedule_run(ends[i].pri));
	for (int i = 0; i < 2; i++) {
		char lost[1024];
		if (!polled[i].revents)
			continue;
		if (connected)
			note(i, pri_check_event(ends[i].pri));
		else
			while (receive_frame(ends[i].pri, lost, sizeof lost) > 0)
				;
	}
}

static void pass(int ms)
{
	for (long long end = now_ms() + ms; now_ms() < end;)
		turn(10);
}

/* Waits until libpri tells that end of something. */
static pri_event *expect(int who, int what)
{
	static pri_event found[64]; /* more than any scenario still looks at */
	static int at;
	for (long long end = now_ms() + 60000; now_ms() < end; turn(10))
		for (int i = 0; i < queued; i++)
			if (queue[i].who == who && queue[i].event.e == what) {
				pri_event *event = &found[at++ % 64];
				*event = queue[i].event;
				memmove(&queue[i], &queue[i + 1], (--queued - i) * sizeof *queue);
				return event;
			}
	printf("exchange: the %s end was never told %s\n", names[who], pri_event2str(what));
	failed = 1;
	exit(1);
}

static q931_call *place(int who, int slot, const char *calling, const char *called)
{
	struct pri_sr *setup = pri_sr_new();
	q931_call *call = pri_new_call(ends[who].pri);
	pri_sr_set_channel(setup, slot, 1, 0);
	pri_sr_set_bearer(setup, PRI_TRANS_CAP_SPEECH, PRI_LAYER_1_ALAW);
	pri_sr_set_called(setup, (char *)called, PRI_UNKNOWN, 1);
	pri_sr_set_caller(setup, (char *)calling, NULL, PRI_NATIONAL_ISDN, PRES_ALLOWED_USER_NUMBER_PASSED_SCREEN);
	if (pri_setup(ends[who].pri, call, setup)) {
		puts("exchange: no call could be placed");
		exit(1);
	}
	pri_sr_free(setup);
	return call;
}

/* The network clears; the user confirms. */
static void clear(q931_call *call)
{
	pri_hangup(ends[NET].pri, call, PRI_CAUSE_NORMAL_CLEARING);
	pri_hangup(ends[USER].pri, expect(USER, PRI_EVENT_HANGUP_REQ)->hangup.call, PRI_CAUSE_NORMAL_CLEARING);
	pri_hangup(ends[NET].pri, expect(NET, PRI_EVENT_HANGUP)->hangup.call, PRI_CAUSE_NORMAL_CLEARING);
	pass(500);
}

/* An incoming call that is answered. */
static q931_call *answered(int slot, const char *calling, const char *called, q931_call **user)
{
	q931_call *call = place(NET, slot, calling, called);
	*user = expect(USER, PRI_EVENT_RING)->ring.call;
	pri_acknowledge(ends[USER].pri, *user, slot, 0);
	expect(NET, PRI_EVENT_RINGING);
	pri_answer(ends[USER].pri, *user, slot, 0);
	expect(NET, PRI_EVENT_ANSWER);
	return call;
}

static void thirty(void)
{
	q931_call *net[32], *user[32];
	int slot[32], n = 0;
	for (int s = 1; s <= 31; s++) {
		char calling[32], called[32];
		if (s == 16)
			continue;
		snprintf(calling, sizeof calling, "16329601%02d", s);
		snprintf(called, sizeof called, "20794602%02d", s);
		net[n++] = place(NET, s, calling, called);
	}
	for (int i = 0; i < n; i++) {
		pri_event *ring = expect(USER, PRI_EVENT_RING);
		user[i] = ring->ring.call;
		slot[i] = ring->ring.channel & 0xff;
		pri_acknowledge(ends[USER].pri, user[i], slot[i], 0);
	}
	for (int i = 0; i < n; i++)
		expect(NET, PRI_EVENT_RINGING);
	for (int i = 0; i < n; i++)
		pri_answer(ends[USER].pri, user[i], slot[i], 0);
	for (int i = 0; i < n; i++)
		expect(NET, PRI_EVENT_ANSWER);
	printf("exchange: thirty calls are up\n");
	pass(6000);
	for (int i = 0; i < n; i++)
		pri_hangup(ends[NET].pri, net[i], PRI_CAUSE_NORMAL_CLEARING);
	for (int i = 0; i < n; i++)
		pri_hangup(ends[USER].pri, expect(USER, PRI_EVENT_HANGUP_REQ)->hangup.call, PRI_CAUSE_NORMAL_CLEARING);
	for (int i = 0; i < n; i++)
		pri_hangup(ends[NET].pri, expect(NET, PRI_EVENT_HANGUP)->hangup.call, PRI_CAUSE_NORMAL_CLEARING);
	pass(1000);
}

static void glare(void)
{
	q931_call *winner = place(NET, 14, "1632960301", "2079460301");
	place(USER, 14, "2079460302", "01632960302");
	q931_call *in = expect(USER, PRI_EVENT_RING)->ring.call, *out = expect(NET, PRI_EVENT_RING)->ring.call;
	pri_hangup(ends[NET].pri, out, PRI_CAUSE_REQUESTED_CHAN_UNAVAIL);
	pri_acknowledge(ends[USER].pri, in, 14, 0);
	pri_event *lost = expect(USER, PRI_EVENT_HANGUP);
	pri_hangup(ends[USER].pri, lost->hangup.call, PRI_CAUSE_REQUESTED_CHAN_UNAVAIL);
	expect(NET, PRI_EVENT_RINGING);
	pri_answer(ends[USER].pri, in, 14, 0);
	expect(NET, PRI_EVENT_ANSWER);
	pass(2500);
	clear(winner);
}

static void hold(void)
{
	q931_call *user, *call = answered(20, "1632960303", "2079460303", &user);
	pass(2500);
	pri_hold(ends[USER].pri, user);
	pri_hold_ack(ends[NET].pri, expect(NET, PRI_EVENT_HOLD)->hold.call);
	expect(USER, PRI_EVENT_HOLD_ACK);
	pass(500);
	pri_retrieve(ends[USER].pri, user, 21);
	pri_retrieve_ack(ends[NET].pri, expect(NET, PRI_EVENT_RETRIEVE)->retrieve.call, 21);
	expect(USER, PRI_EVENT_RETRIEVE_ACK);
	pass(2500);
	clear(call);
}

static void drop(void)
{
	q931_call *user, *call = answered(18, "1632960304", "2079460304", &user);
	pass(500);
	connected = 0;
	expect(USER, PRI_EVENT_DCHAN_DOWN);
	connected = 1;
	expect(USER, PRI_EVENT_DCHAN_UP);
	pass(500);
	clear(call);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*play)(void);
	} scenarios[] = { { "thirty", thirty }, { "glare", glare }, { "hold", hold }, { "drop", drop } };

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 4) {
		puts("usage: exchange NETWORK USER SCENARIO...");
		return 2;
	}
	pri_set_message(quiet);
	pri_set_error(quiet);
	open_end(NET, atoi(argv[1]));
	open_end(USER, atoi(argv[2]));
	expect(NET, PRI_EVENT_DCHAN_UP);
	expect(USER, PRI_EVENT_DCHAN_UP);
	pass(500);
	for (int i = 3; i < argc; i++)
		for (unsigned k = 0; k < sizeof scenarios / sizeof *scenarios; k++)
			if (!strcmp(argv[i], scenarios[k].name)) {
				scenarios[k].play();
				printf("exchange: %s done\n", argv[i]);
			}
	return failed;
}
