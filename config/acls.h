/* The list "acls", read. */
#ifndef BASCULE_CONFIG_ACLS_H
#define BASCULE_CONFIG_ACLS_H

#include "reader.h"

/* Into a struct config. */
read_fn read_acls;

#endif
