/* Names: their alphabet, and Levenshtein's distance between two, for "did you mean". */
#include "name.h"

#include <stdint.h>
#include <string.h>

enum { DISTANCE_MAX = 63 };

bool name_valid(const char *name)
{
	if (name[0] < 'a' || name[0] > 'z')
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name) &&
	       strlen(name) < CONFIG_NAME;
}

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

/* One row of the dynamic programme at a time: row[j] is the distance of a's first i letters to b's
 * first j. */
size_t name_distance(const char *a, const char *b)
{
	size_t len = strlen(b), row[DISTANCE_MAX + 1];

	if (strlen(a) > DISTANCE_MAX || len > DISTANCE_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < len; j++) {
			size_t above = row[j + 1];

			row[j + 1] = least(above + 1, row[j] + 1, diagonal + (a[i] != b[j]));
			diagonal = above;
		}
	}
	return row[len];
}
