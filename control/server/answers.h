/* Answers on their way back to the desks. Thread: the RIB lcore. */
#ifndef BASCULE_ANSWERS_H
#define BASCULE_ANSWERS_H

#ifdef __cplusplus
extern "C" {
#endif

struct page;
struct route_server;

/* Give a page back to the desk that it came from, answered. */
void rs_answered(struct route_server *rs, struct page *page);

#ifdef __cplusplus
}
#endif
#endif
