/* The exchange switch and its state file, two lines of text. */
#include "exchange.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "loop.h"
#include "state_file.h"

/* By enabled | configured << 1. */
static const char *const texts[] = {
	"exchange off\nconfigured off\n",
	"exchange on\nconfigured off\n",
	"exchange off\nconfigured on\n",
	"exchange on\nconfigured on\n",
};

enum { TEXTS = sizeof(texts) / sizeof(texts[0]), FILE_MAX = 64 };

/* Its number, or -EINVAL: it is none of them. */
static int text_number(const char *text)
{
	for (int i = 0; i < TEXTS; i++)
		if (!strcmp(texts[i], text))
			return i;
	return -EINVAL;
}

static const char *reason(int err)
{
	switch (err) {
	case -EFBIG:
	case -EINVAL: return "not a state file of the exchange switch";
	case -ETIMEDOUT: return "not read within 3 s";
	default: return strerror(-err);
	}
}

static void settle(struct exchange *exchange, int text, bool configured)
{
	bool under = text >> 1 & 1;

	exchange->configured = configured;
	if (text >= 0)
		exchange->enabled = under == configured ? text & 1 : configured;
	else
		exchange->enabled = text == -ENOENT && configured;
	if (text < 0 && text != -ENOENT)
		log_error("%s: %s; route exchange stays off until it is set again", exchange->path,
			  reason(text));
	else if (text >= 0 && under != configured)
		log_info("exchange.enabled was changed in the configuration: route exchange is %s",
			 configured ? "on" : "off");
}

int exchange_open(struct exchange *exchange, const char *path, bool configured)
{
	int number, err;
	char *text;

	*exchange = (struct exchange){ .now_ms = clock_ms() };
	snprintf(exchange->path, sizeof(exchange->path), "%s", path);
	err = state_file_open(path, FILE_MAX, &text, &number, &exchange->file);
	if (err)
		return err;
	settle(exchange, text ? text_number(text) : number, configured);
	free(text);
	exchange_store(exchange, exchange->enabled, configured);
	return 0;
}

void exchange_close(struct exchange *exchange)
{
	state_file_close(exchange->file);
	exchange->file = NULL;
}

uint64_t exchange_store(struct exchange *exchange, bool enabled, bool configured)
{
	if (state_file_state(exchange->file) != -EINPROGRESS)
		exchange->wanted_ms = exchange->now_ms;
	return state_file_want(exchange->file, texts[enabled | configured << 1]);
}

int exchange_stored(const struct exchange *exchange, uint64_t ticket)
{
	return state_file_result(exchange->file, ticket);
}

uint64_t exchange_off(struct exchange *exchange)
{
	exchange->enabled = false;
	return exchange_store(exchange, false, exchange->configured);
}

bool exchange_if_configured(const struct exchange *exchange, bool configured)
{
	return configured == exchange->configured ? exchange->enabled : configured;
}

void exchange_configure(struct exchange *exchange, bool configured)
{
	if (configured == exchange->configured)
		return;
	exchange->enabled = exchange->configured = configured;
	exchange_store(exchange, configured, configured);
}

const char *exchange_trouble(const struct exchange *exchange, char *buf, size_t size)
{
	int state = state_file_state(exchange->file);
	uint64_t ms = exchange->now_ms - exchange->wanted_ms;

	if (!state || (state == -EINPROGRESS && ms < EXCHANGE_SLOW_MS))
		return NULL;
	if (state == -EINPROGRESS)
		snprintf(buf, size, "has not been written within %llu s",
			 (unsigned long long)ms / 1000);
	else
		snprintf(buf, size, "cannot be written: %s", strerror(-state));
	return buf;
}
