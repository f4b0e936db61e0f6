/* Bonds: LACP gets its turns, and members that begin or cease to carry traffic are logged, counted,
 * and shown to control, whose alarm it is. */
#ifndef BASCULE_BOND_WATCH_H
#define BASCULE_BOND_WATCH_H

#include "slowpath_state.h"

#ifdef __cplusplus
extern "C" {
#endif

/* To be called often; a device that is no bond costs nothing. Nobody has paused the device. */
void bond_watch(struct slowpath *s, struct device *device);

#ifdef __cplusplus
}
#endif
#endif
