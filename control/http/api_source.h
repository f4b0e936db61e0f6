/* The answers of the API: an inquiry at the desk, and its rows as one document. Thread: HTTP's. */
#ifndef BASCULE_API_SOURCE_H
#define BASCULE_API_SOURCE_H

#include "reply.h"

#ifdef __cplusplus
extern "C" {
#endif

reply_router api_route;

#ifdef __cplusplus
}
#endif
#endif
