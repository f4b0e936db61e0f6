/* Whole texts in either family: a test that is of both says everything in IPv4, and here it becomes
 * what stands for that (families.h), and back. */
#ifndef BASCULE_TEST_FAMILY_TEXTS_H
#define BASCULE_TEST_FAMILY_TEXTS_H

#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "families.h"

/* Text, each word of these characters in it replaced. */
template <typename function>
std::string words_replaced(const std::string &text, const char *of, const function &with)
{
	std::string out;

	for (size_t at = 0, n; at < text.size(); at += n) {
		n = strspn(text.c_str() + at, of);
		out += n ? with(text.substr(at, n)) : text.substr(at, 1);
		n += !n;
	}
	return out;
}

/* Text with addresses and prefixes of IPv4, each replaced by what stands for it. */
static inline std::string text_in(enum family family, const std::string &text)
{
	auto stands_for = [family](const std::string &word) {
		size_t slash = word.find('/');
		char addr[ADDR_TEXT];
		uint32_t v4;

		if (!addr4_parse(word.substr(0, slash).c_str(), &v4))
			return word;
		if (slash == std::string::npos)
			return std::string(addr_text(addr_of(family, v4), addr));
		uint8_t len = prefix_of(family, v4, (uint8_t)atoi(&word[slash + 1])).len;
		return addr_text(len ? addr_of(family, v4) : prefix_of(family, 0, 0).addr, addr) +
		       ("/" + std::to_string(len));
	};

	return family == FAMILY_IPV4 ? text : words_replaced(text, "0123456789./", stands_for);
}

/* Back again: a text of IPv4. What is none of 2001::/16 stays, but for the default route. */
static inline std::string text4_of(const std::string &text)
{
	auto stood_for = [](std::string word) {
		char buf[PREFIX_TEXT];
		struct prefix prefix;
		struct addr addr;
		std::string behind;

		for (; !word.empty(); behind = word.back() + behind, word.pop_back()) {
			if (prefix_parse(word.c_str(), &prefix) &&
			    prefix.addr.family == FAMILY_IPV6 &&
			    (!prefix.len || !memcmp(prefix.addr.v6, "\x20\x01", 2)))
				return prefix_text(prefix4_of(prefix), buf) + behind;
			if (addr_parse(word.c_str(), &addr) && addr.family == FAMILY_IPV6 &&
			    !memcmp(addr.v6, "\x20\x01", 2))
				return addr4_text(prefix4_of(prefix_make(addr, 112)).addr.v4, buf) +
				       behind;
			if (word.back() != ':' && word.back() != '.')
				break;
		}
		return word + behind;
	};

	return words_replaced(text, "0123456789abcdef:./", stood_for);
}

/* A configuration in which ports have, beside each of these addresses, what stands for it. */
static inline std::string with_both(std::string text, const std::vector<const char *> &addresses)
{
	for (const char *own : addresses) {
		const std::string quoted = std::string("\"") + own + "\"";

		text.insert(text.find(quoted) + quoted.size(),
			    ", \"" + text_in(FAMILY_IPV6, own) + "\"");
	}
	return text;
}

/* A fixture with a `family`, whose tests are of both. */
template <class base>
class of_families : public base, public testing::WithParamInterface<enum family>
{
      protected:
	of_families()
	{
		this->family = GetParam();
	}
};

#endif
