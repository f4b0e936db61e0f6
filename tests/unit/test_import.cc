/* Import checks: a row is a route and what is made of it. */
#include <gtest/gtest.h>

#include "import.h"
#include "wire.h"

namespace
{

const struct import_rule nva = { ROLE_NVA, true, 65100, false };
const struct import_rule loose = { ROLE_NVA, true, 0, true };
const struct import_rule sets = { ROLE_NVA, true, 65100, true };
const struct import_rule gateway = { ROLE_VPN, false, 0, false };
const struct import_rule circuit = { ROLE_EXPRESSROUTE, false, 0, false };

const struct row {
	const char *name;
	struct import_rule rule;
	const char *path; /* body of AS_PATH */
	const char *communities;
	enum import_verdict verdict;
} rows[] = {
	{ "the peer's own AS", nva, "0201 0000fe4c", "", IMPORT_ACCEPT },
	{ "and others behind it", nva, "0202 0000fe4c 0000fde9", "", IMPORT_ACCEPT },
	{ "another AS first, RFC 4271 6.3", nva, "0201 0000fdea", "", IMPORT_FIRST_AS },
	{ "its own AS behind another", nva, "0202 0000fdea 0000fe4c", "", IMPORT_FIRST_AS },
	{ "and that is allowed", loose, "0201 0000fdea", "", IMPORT_ACCEPT },
	{ "an empty path, RFC 4271 5.1.2", nva, "", "", IMPORT_EMPTY_PATH },
	{ "an empty path is never allowed of an external peer", loose, "", "", IMPORT_EMPTY_PATH },
	{ "but of a gateway of our AS", gateway, "", "", IMPORT_ACCEPT },
	{ "whose first AS is whoever's", gateway, "0201 0000fdea", "", IMPORT_ACCEPT },
	{ "a set, RFC 9774 3", nva, "0201 0000fe4c 0102 0000fe4d 0000fe4e", "", IMPORT_AS_SET },
	{ "a set of a gateway's", gateway, "0101 0000fe4d", "", IMPORT_AS_SET },
	{ "sets are allowed", sets, "0201 0000fe4c 0101 0000fe4d", "", IMPORT_ACCEPT },
	{ "but not as the first AS", sets, "0101 0000fe4c", "", IMPORT_FIRST_AS },
	{ "a set alone is no empty path", loose, "0101 0000fe4d", "", IMPORT_ACCEPT },
	{ "bow tie", circuit, "0201 0000fdea", "ffedffed", IMPORT_BOW_TIE },
	{ "which only a circuit ties", gateway, "0201 0000fdea", "ffedffed", IMPORT_ACCEPT },
	{ "which only a circuit ties, NVA", nva, "0201 0000fe4c", "ffedffed", IMPORT_ACCEPT },
};

struct attr_keys keys_of(const char *path, const char *communities)
{
	bytes wire =
		hex("40010100") + attribute(0x40, ATTR_AS_PATH, hex(path)) + hex("4003040a000264");
	struct attr_keys keys;

	if (*communities)
		wire = wire + attribute(0xc0, ATTR_COMMUNITIES, hex(communities));
	attr_keys_parse(wire.data(), (uint16_t)wire.size(), &keys);
	return keys;
}

} // namespace

TEST(import, verdicts)
{
	for (const row &t : rows) {
		struct attr_keys keys = keys_of(t.path, t.communities);

		EXPECT_EQ(t.verdict, import_check(&t.rule, &keys)) << t.name;
		EXPECT_EQ(t.verdict == IMPORT_ACCEPT, !*import_verdict_why(t.verdict)) << t.name;
	}
}

/* RFC 8326: whatever a route map says besides. */
TEST(import, a_graceful_shutdown_leaves_no_local_preference)
{
	struct attr_keys plain = keys_of("0201 0000fe4c", "00010001"),
			 going = keys_of("0201 0000fe4c", "00010001 ffff0000");

	EXPECT_EQ(100u, import_local_pref(&plain, 100));
	EXPECT_EQ(0u, import_local_pref(&going, 100));
	EXPECT_EQ(0u, import_local_pref(&going, 200));
}
