/* The parts of a route server, as they are made and given back: tables of each family, and what
 * they share. Thread: the RIB lcore's, before its first turn and after its last. */
#ifndef BASCULE_PARTS_H
#define BASCULE_PARTS_H

#ifdef __cplusplus
extern "C" {
#endif

struct route_server;

/* `config`, `fib`, `exchange`, `maintenance` and the outbox are there. -ENOMEM, or what
 * forwarding_begin() says; then parts_close() gives back what there is. */
int parts_open(struct route_server *rs);
void parts_close(struct route_server *rs);

#ifdef __cplusplus
}
#endif
#endif
