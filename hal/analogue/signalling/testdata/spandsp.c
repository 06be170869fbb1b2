/* What spandsp hears in a mono 16-bit WAV file at 8 kHz: lines of "dtmf DIGITS", "tone NAME" and
 * "cli NUMBER|NAME|REASON". Built by the test that compares it with ours:
 *   cc -w -o spandsp spandsp.c -lspandsp -ltiff -lm */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#define SPANDSP_EXPOSE_INTERNAL_STRUCTURES
#include <spandsp.h>

static char digits[256], seen[4][512];
static const char *tones[] = {"dial", "ringback", "busy", "congestion", "unobtainable"};

static void digit(void *u, const char *d, int n) { strncat(digits, d, n); }

static void tone(void *u, int code, int level, int delay) {
	if (code >= 0) printf("tone %s\n", tones[code]);
}

static void message(void *u, const uint8_t *m, int n) {
	adsi_rx_state_t *rx = *(adsi_rx_state_t **)u;
	char number[256] = "", name[256] = "", reason[256] = "", line[1024];
	int at = -1, len;
	uint8_t type;
	const uint8_t *v;
	do {
		at = adsi_next_field(rx, m, n, at, &type, &v, &len);
		char *to = type == CLIP_CALLER_NUMBER ? number : type == CLIP_CALLER_NAME ? name : type == CLIP_ABSENCE1 ? reason : 0;
		if (at > 0 && v && to) {
			memcpy(to, v, len);
			to[len] = 0;
		}
	} while (at > 0);
	snprintf(line, sizeof line, "%s|%s|%s", number, name, reason);
	for (int i = 0; i < 4; i++) {
		if (!strcmp(seen[i], line)) return; /* both receivers heard it */
		if (!seen[i][0]) {
			strcpy(seen[i], line);
			break;
		}
	}
	printf("cli %s\n", line);
}

static void element(super_tone_rx_descriptor_t *d, int t, int f1, int f2, int ms) {
	super_tone_rx_add_element(d, t, f1, f2, ms * 8 / 10, ms * 12 / 10);
}

int main(int c, char **v) {
	static int16_t x[8000 * 60];
	FILE *f = c == 2 ? fopen(v[1], "rb") : 0;
	if (!f) return 2;
	fseek(f, 44, 0);
	int n = fread(x, 2, 8000 * 59, f) + 800;

	dtmf_rx_state_t *dtmf = dtmf_rx_init(NULL, digit, NULL);
	for (int i = 0; i < n; i += 160) dtmf_rx(dtmf, x + i, n - i < 160 ? n - i : 160);
	printf("dtmf %s\n", digits);

	super_tone_rx_descriptor_t *d = super_tone_rx_make_descriptor(NULL);
	int t = super_tone_rx_add_tone(d);
	super_tone_rx_add_element(d, t, 350, 440, 300, 0);
	t = super_tone_rx_add_tone(d);
	element(d, t, 400, 450, 400), element(d, t, 0, 0, 200), element(d, t, 400, 450, 400), element(d, t, 0, 0, 2000);
	t = super_tone_rx_add_tone(d);
	element(d, t, 400, 0, 375), element(d, t, 0, 0, 375), element(d, t, 400, 0, 375), element(d, t, 0, 0, 375);
	t = super_tone_rx_add_tone(d);
	element(d, t, 400, 0, 400), element(d, t, 0, 0, 350), element(d, t, 400, 0, 225), element(d, t, 0, 0, 525);
	t = super_tone_rx_add_tone(d);
	super_tone_rx_add_element(d, t, 400, 0, 1000, 0);
	super_tone_rx_state_t *s = super_tone_rx_init(NULL, d, tone, NULL);
	for (int i = 0; i < n; i += 160) super_tone_rx(s, x + i, n - i < 160 ? n - i : 160);

	int standards[] = {ADSI_STANDARD_CLIP, ADSI_STANDARD_CLASS};
	for (int k = 0; k < 2; k++) {
		adsi_rx_state_t *rx = NULL;
		rx = adsi_rx_init(NULL, standards[k], message, &rx);
		for (int i = 0; i < n; i += 160) adsi_rx(rx, x + i, n - i < 160 ? n - i : 160);
	}
	return 0;
}
