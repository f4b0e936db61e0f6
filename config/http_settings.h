/* The group "http", read. */
#ifndef BASCULE_CONFIG_HTTP_SETTINGS_H
#define BASCULE_CONFIG_HTTP_SETTINGS_H

#include "reader.h"

/* Into a struct config_http. */
extern const struct setting http_settings[];

#endif
