/* Hosts with MAC addresses of their own in the file. What they may say beside the other settings is
 * file_check_neighbours(). */
#ifndef BASCULE_CONFIG_NEIGHBOURS_H
#define BASCULE_CONFIG_NEIGHBOURS_H

#include "reader.h"

/* The list "neighbours" into a struct file. */
read_fn read_neighbours;

#endif
