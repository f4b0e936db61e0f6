/* The role matrix is in force in three places: announcements, views and gate. Moving the switch
 * moves all three, in an order in which nothing is announced that packets could not follow:
 *
 *   not allowed any more:  gate closes at once ─► withdrawn from peers ─► taken out of the views
 *   newly allowed:         put into the views ─► gate opens ─► announced
 *
 * A view is the table of one ingress role: the gate opens for that role as soon as its view is
 * filled. Peers are told when all views that gain are: where an answer comes from another role's
 * port, its view has the way back.
 *
 * A new setting while one is under way starts over from wherever the three places are. No session
 * is touched. */
#ifndef BASCULE_TRANSIT_H
#define BASCULE_TRANSIT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct config;
struct route_server;

/* Views follow after so long even if withdrawals are still on their way to peers: the gate, which
 * has been shut, stops the packets. */
enum { TRANSIT_WITHDRAW_MS = 2000 };

/* The matrix word that the switch and the configuration ask for at present. */
uint64_t transit_word(const struct route_server *rs);
/* The word that they would ask for with the switch on (`exchange`) or off. */
uint64_t transit_word_if(const struct route_server *rs, bool exchange);

/* The word that this configuration asks for, likewise. */
uint64_t transit_word_of(const struct config *config, bool exchange);

/* Shut the gate for what `allow` does not have. It is the first of all steps, before anything that
 * takes time or may fail; transit_move() does the others. */
void transit_shut(struct route_server *rs, uint64_t allow);
/* The switch or the configuration has changed. Before LIVE the gate is only narrowed. */
void transit_move(struct route_server *rs);
/* The writer's generation has been published: open the gate as far as is wanted. */
void transit_live(struct route_server *rs);
/* Begin the next step if the present one is through. Returns whether it was. */
bool transit_turn(struct route_server *rs);

#ifdef __cplusplus
}
#endif
#endif
