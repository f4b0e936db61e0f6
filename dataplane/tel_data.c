/* Objects within telemetry's answers. */
#include "tel_data.h"

#include <stdio.h>

enum { KEY_TEXT = 24 };

struct rte_tel_data *tel_add_dict(struct rte_tel_data *parent, const char *name)
{
	struct rte_tel_data *d = rte_tel_data_alloc();

	if (!d)
		return NULL;
	rte_tel_data_start_dict(d);
	if (!rte_tel_data_add_dict_container(parent, name, d, 0))
		return d;
	rte_tel_data_free(d);
	return NULL;
}

struct rte_tel_data *tel_add_element(struct rte_tel_data *parent, const char *what, uint32_t number)
{
	char key[KEY_TEXT];

	snprintf(key, sizeof(key), "%s_%u", what, number);
	return tel_add_dict(parent, key);
}
