/* The parameters of a speaker, which it gets once: who we are, and by which interfaces our peers
 * are reached. */
#ifndef BASCULE_SPEAKER_PARAMS_H
#define BASCULE_SPEAKER_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#include "addr.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	SPEAKER_INTERFACES = 32,
	SPEAKER_INTERFACE_NAME = 16, /* IFNAMSIZ */
	SPEAKER_ADDRESSES = 9,	     /* with a link-local one */
};

/* A Linux interface that peers are on the other side of: what is said to them leaves by it, and
 * they are heard by it alone. */
struct speaker_interface {
	char name[SPEAKER_INTERFACE_NAME];
	struct addr addrs[SPEAKER_ADDRESSES]; /* ours, to listen on, and to call from */
	uint8_t nb_addrs;		      /* 0: no peers are there */
};

struct speaker_params {
	uint32_t local_asn;
	uint32_t router_id; /* host order */
	/* 0: this speaker does not listen (one speaker of an instance does) */
	uint16_t listen_port;
	uint16_t restart_s; /* RFC 4724 restart time that we offer */
	uint16_t nb_peers;  /* peer indexes are below this, over all speakers */
	bool allow_240;	    /* routes for 240/4 are taken */
	uint8_t nb_interfaces;
	struct speaker_interface interfaces[SPEAKER_INTERFACES];
	uint64_t (*clock_ns)(void); /* monotonic, by which turns end; NULL: clock_ns() */
};

#ifdef __cplusplus
}
#endif
#endif
