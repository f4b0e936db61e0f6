/* Where the HTTP server listens. */
#include "http_settings.h"

#include <stdlib.h>
#include <string.h>

static read_fn read_listen;

const struct setting http_settings[] = {
	{ "listen", read_listen, WHOLE(struct config_http),
	  .allowed = "lists of addresses with a port such as [\"127.0.0.1:8080\", "
		     "\"[::1]:8080\"]" },
	{ NULL },
};

/* The port behind the colon: digits, 1..65535. */
static bool port_parse(const char *text, uint16_t *port)
{
	size_t len = strspn(text, "0123456789");
	unsigned long value = strtoul(text, NULL, 10);

	*port = (uint16_t)value;
	return len && len <= 5 && !text[len] && value && value <= UINT16_MAX;
}

/* "127.0.0.1:8080", "[::1]:8080" (RFC 3986 3.2.2). */
static bool listen_parse(const char *text, struct config_listen *listen)
{
	const char *colon = strrchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : 0;
	bool bracket = text[0] == '[';
	char addr[ADDR_TEXT + 2];

	if (!len || len >= sizeof(addr) || (bracket && text[len - 1] != ']'))
		return false;
	memcpy(addr, text, len);
	addr[bracket ? len - 1 : len] = '\0';
	return addr_parse(addr + bracket, &listen->addr) &&
	       bracket == (listen->addr.family == FAMILY_IPV6) &&
	       port_parse(colon + 1, &listen->port);
}

/* Its place among those before it; `nb` if it is new. */
static size_t listen_find(const struct config_http *http, const struct config_listen *listen)
{
	size_t i = 0;

	while (i < http->nb_listen && (http->listen[i].port != listen->port ||
				       !addr_equal(http->listen[i].addr, listen->addr)))
		i++;
	return i;
}

static bool read_listen(struct complaints *c, const struct setting *spec, config_setting_t *at,
			void *out)
{
	static const struct setting row = { .allowed = "texts such as \"127.0.0.1:8080\" and "
						       "\"[::1]:8080\"" };
	struct config_http *http = out;
	size_t length = read_length(c, spec, at, CONFIG_LISTEN);

	for (size_t i = 0; i < length; i++) {
		config_setting_t *element = config_setting_get_elem(at, (unsigned int)i);
		const char *text = config_setting_get_string(element);
		struct config_listen listen = { 0 };

		if (!text || !listen_parse(text, &listen))
			refuse(c, &row, element, "is not an address with a port");
		else if (addr_link_local(listen.addr))
			refuse(c, &row, element, "is link-local, of no certain interface");
		else if (listen_find(http, &listen) < http->nb_listen)
			refuse(c, &row, element, "is there twice");
		else
			http->listen[http->nb_listen++] = listen;
	}
	return http->nb_listen == length;
}
