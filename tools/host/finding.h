/* What the doctor finds: a line of his report. */
#ifndef BASCULE_FINDING_H
#define BASCULE_FINDING_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { FINDING_TEXT = 384 };

enum finding_state {
	FINDING_OK,
	FINDING_FIXED,	 /* it was otherwise; `text` says what was done */
	FINDING_UNKNOWN, /* it could not be seen from here */
	FINDING_WARNING, /* it works, slower or less surely */
	FINDING_FAULT,	 /* an instance does not start, or no packet comes through */
};

struct finding {
	const char *check, *reads; /* the row's name, and what it looks at */
	enum finding_state state;
	char text[FINDING_TEXT];
	char next[FINDING_TEXT]; /* what to do; "" if there is nothing */
};

struct findings {
	struct finding *finding; /* owned */
	size_t n;
};

/* "ok", "fixed", "unknown", "warning", "fault" */
const char *finding_state_name(enum finding_state state);
void findings_free(struct findings *findings);

#ifdef __cplusplus
}
#endif
#endif
