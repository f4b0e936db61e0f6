/* See session_host.h. */
#include "session_host.h"

uint32_t host_jitter(struct session_host *host, uint32_t ms)
{
	host->random = host->random * 1664525u + 1013904223u;
	return ms - (uint32_t)((uint64_t)(ms / 4) * (host->random >> 16) >> 16);
}
