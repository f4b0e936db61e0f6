/* Settings of one group, read by a table: a row says what a setting is called, what may stand
 * there, and where in the group's struct it goes. Whatever does not fit a row is complained about;
 * reading goes on with the rest. */
#ifndef BASCULE_CONFIG_READER_H
#define BASCULE_CONFIG_READER_H

#include <libconfig.h>

#include "report.h"

struct setting;

/* Store `at` into `out`, or complain. False: it was complained about, and `out` keeps the
 * default. */
typedef bool read_fn(struct complaints *c, const struct setting *spec, config_setting_t *at,
		     void *out);

struct setting {
	const char *name;
	read_fn *read;
	size_t offset, size; /* of the member in the group's struct */
	bool required;
	bool or_zero; /* numbers: 0 is allowed beside min..max */
	int64_t def, min,
		/* numbers, and `def` for words and booleans too; those without it are zeroed
		 * before */
		max;
	const char *const *words; /* ends with NULL; the value is the index */
	/* of a group within the group; without it they all have their defaults */
	const struct setting *members;
	/* what may stand there, for complaints; NULL: said by words or min..max */
	const char *allowed;
};

#define MEMBER(type, member) offsetof(type, member), sizeof(((type *)0)->member)
#define WHOLE(type)	     0, sizeof(type) /* for readers that fill several members */

/* Read a group into `out`, which is zeroed: defaults first, then what stands there, then what is
 * missing, then what no row knows. Returns whether all was good. */
bool read_group(struct complaints *c, const struct setting *specs, config_setting_t *group,
		void *out);

/* The readers of rows. Numbers, words and booleans are stored with the member's size; of a list of
 * words a bit for each. */
read_fn read_bool, read_number, read_word, read_words, read_name, read_text, read_addr, read_prefix,
	read_router_id, read_members;

/* Read an address, and into `link`, of CONFIG_NAME octets, the port that stands behind it, as in
 * "fe80::1%nva0", or "". */
bool read_link_addr(struct complaints *c, const struct setting *spec, config_setting_t *at,
		    struct addr *addr, char *link);

/* Read the TCP-MD5 key in the file that `at` names into a struct config_peer (password.c). */
read_fn read_password;

/* A list or array of at most `max` elements, or complain and return 0. */
size_t read_length(struct complaints *c, const struct setting *spec, config_setting_t *at,
		   size_t max);

/* Complain that `at` does not fit its row: what it is, and what is allowed. Returns false. */
bool refuse(struct complaints *c, const struct setting *spec, const config_setting_t *at,
	    const char *why);

#endif
