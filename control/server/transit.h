/* The role matrix in force, in its three places: the announcements, the views and the gate. Moving
 * the switch moves all three, in the order in which nothing is ever promised that is not carried:
 *
 *   not allowed any more:  gate closes at once ─► withdrawn from peers ─► taken out of the views
 *   newly allowed:         put into the views ─► gate opens ─► announced
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

/* The gate has long closed then, so the views may follow even if announcements never come to
 * rest. */
enum { TRANSIT_WITHDRAW_MS = 2000 };

/* The matrix word that the switch and the configuration ask for now. */
uint64_t transit_word(const struct route_server *rs);
/* The one that they would ask for with the switch there. */
uint64_t transit_word_if(const struct route_server *rs, bool exchange);

/* The one that a configuration asks for with the switch there. */
uint64_t transit_word_of(const struct config *config, bool exchange);

/* The gate lets nothing pass from now on that `allow` does not have: the first of all steps, before
 * anything that takes time or may fail. The others are transit_move()'s. */
void transit_shut(struct route_server *rs, uint64_t allow);
/* The switch or the configuration has changed. Before LIVE the gate is only narrowed. */
void transit_move(struct route_server *rs);
/* Published: the gate opens as far as is wanted. */
void transit_live(struct route_server *rs);
/* Go on if the step is through. Returns whether one was. */
bool transit_turn(struct route_server *rs);

#ifdef __cplusplus
}
#endif
#endif
