/* The log as a stream of stdio, for libraries that write to one (rte_openlog_stream()): each of its
 * lines is a line of the log. */
#ifndef BASCULE_LOG_STREAM_H
#define BASCULE_LOG_STREAM_H

#include <stdio.h>

#include "log.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Lines come with this level. To be closed by nobody. NULL: no memory. */
FILE *log_stream(enum log_level level);

#ifdef __cplusplus
}
#endif
#endif
