/* Route maps in the file: reading them (maps.c). What they may say beside the other settings is
 * check_maps.c's. */
#ifndef BASCULE_ROUTE_MAPS_H
#define BASCULE_ROUTE_MAPS_H

#include "reader.h"

/* The list "route_maps" into a struct config. */
read_fn read_route_maps;

#endif
