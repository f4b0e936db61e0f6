/* How a peer stands by what operators have said of it (maintenance.h): in service, drained, or shut
 * down. service.h changes that. Thread: the RIB lcore. */
#ifndef BASCULE_STANDING_H
#define BASCULE_STANDING_H

#include "maintenance.h"
#include "records.h"

#ifdef __cplusplus
extern "C" {
#endif

struct peer;

/* What is said of it; if nothing is, that it is in service. */
struct maintenance_peer standing_of(const struct peer *peer);

/* The peer gets its place in the table, before its speaker hears of it: what is said of it
 * holds. */
void standing_begin(struct peer *peer);

/* Of a peer that is shut down: "administratively shut down: TEXT"; returns buf. */
const char *standing_why(const struct peer *peer, char buf[SPEAKER_REASON]);

#ifdef __cplusplus
}
#endif
#endif
