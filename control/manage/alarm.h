/* What is wrong at this moment. Alarms are not kept: each is a condition that is looked at when somebody asks, so it clears
 * itself. Thread: the RIB lcore. */
#ifndef BASCULE_ALARM_H
#define BASCULE_ALARM_H

#include <stdint.h>

#include "config.h"

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;

enum { ALARMS = 64, ALARM_TEXT = 160 };

struct alarm {
	char kind[24];		/* "max_routes", ...: ctl.h lists them */
	char peer[CONFIG_NAME]; /* empty: of none */
	char text[ALARM_TEXT];
};

struct alarms {
	uint16_t n;    /* told: at most ALARMS */
	uint16_t left; /* more than those */
	struct alarm alarm[ALARMS];
};

/* All there are into `alarms`, which is zeroed. */
void alarms_list(const struct route_server *rs, struct alarms *alarms);

#ifdef __cplusplus
}
#endif
#endif
