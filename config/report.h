/* Complaints about one file, collected while it is read and checked, sorted into file order at the
 * end. */
#ifndef BASCULE_CONFIG_REPORT_H
#define BASCULE_CONFIG_REPORT_H

#include <libconfig.h>

#include "config.h"

/* One complaint. `order` is its place in the file: settings are numbered as they stand there. */
struct complaint {
	char *text;  /* owned, without its place; NULL if memory ran out */
	char *place; /* owned: "rs0.conf:12: peers.nva-a.hold_s" */
	uintptr_t order;
	/* breaks ties: complaints about one setting stay in the order in which they were made */
	size_t index;
	bool warning;
};

struct complaints {
	const char *file; /* borrowed: the path as given */
	struct complaint *list;
	size_t nb, room;
	size_t nb_errors;
};

/* Number every setting below `root` in file order; complaints about them sort by it. */
void complaints_number(config_setting_t *root);

/* About a setting, or about its member `member` if that is not NULL (which need not exist: then the
 * line is the setting's). The text begins after the path: "2 is out of range, allowed are 0 and
 * 3..65535". */
__attribute__((format(printf, 4, 5))) void complain(struct complaints *c,
						    const config_setting_t *at, const char *member,
						    const char *fmt, ...);
__attribute__((format(printf, 4, 5))) void warn(struct complaints *c, const config_setting_t *at,
						const char *member, const char *fmt, ...);

/* Was anything complained about at or below `at`? What could not be read is not judged further. */
bool complained(const struct complaints *c, const config_setting_t *at);

/* About the text of a file before there are settings; `line` 0: about the file as a whole. */
__attribute__((format(printf, 4, 5))) void complain_line(struct complaints *c, const char *file,
							 unsigned int line, const char *fmt, ...);

/* Hand everything over in file order; `c` is empty afterwards. */
void complaints_report(struct complaints *c, struct config_report *report);

#endif
