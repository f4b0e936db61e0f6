/* A look at the text before libconfig reads it, for what libconfig 1.5 does badly: it cuts a number
 * past 32 bits without the suffix L down to some other number, ends the process when an included
 * file is a directory, takes a comment or an @include that has no end for the end of the file, so
 * that all that follows is not there, and lets a string run over lines until another one begins.
 * Only tokens are distinguished here; the grammar is libconfig's. */
#include <ctype.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "encoding.h"
#include "file.h"

enum { INCLUDE_DEPTH = 10, FILE_MAX = 64 << 20 };

struct scan {
	struct complaints *complaints;
	const char *file; /* as complaints call it */
	const char *dir;  /* where included files are */
	unsigned int line;
	unsigned int depth;
};

static bool scan_file(struct scan *scan, const char *path);

/* Past a string that begins at `p`, its quote included. */
static const char *skip_string(struct scan *scan, const char *p)
{
	for (p++; *p && *p != '"' && *p != '\n'; p++) {
		if (!strncmp(p, "\\x00", 4))
			complain_line(scan->complaints, scan->file, scan->line,
				      "\\x00 in a string is left out, allowed are strings "
				      "without it");
		if (*p == '\\' && p[1] && p[1] != '\n')
			p++;
	}
	if (*p == '"')
		return p + 1;
	complain_line(scan->complaints, scan->file, scan->line,
		      "a string that begins here has no end on its line");
	return p;
}

/* Past a comment of the kind that may take several lines. One that holds the beginning of another
 * has most likely no end of its own, and takes away all that stands before the other's. */
static const char *skip_long_comment(struct scan *scan, const char *p)
{
	unsigned int line = scan->line, inner = 0;

	for (p += 2; *p && !(p[0] == '*' && p[1] == '/'); p++) {
		scan->line += *p == '\n';
		if (p[0] == '/' && p[1] == '*' && !inner)
			inner = scan->line;
	}
	if (!*p)
		complain_line(scan->complaints, scan->file, line,
			      "a comment that begins here has no end");
	else if (inner)
		complain_line(scan->complaints, scan->file, line,
			      "a comment that begins here goes on to the end of the one that "
			      "begins on line %u, allowed are comments without /* in them",
			      inner);
	return *p ? p + 2 : p;
}

/* Past a comment that begins at `p`; `p` itself if none does. */
static const char *skip_comment(struct scan *scan, const char *p)
{
	if (p[0] == '#' || (p[0] == '/' && p[1] == '/'))
		return p + strcspn(p, "\n");
	return p[0] == '/' && p[1] == '*' ? skip_long_comment(scan, p) : p;
}

/* Past a number; complains if libconfig would read another. Floats are left alone. */
static const char *skip_number(struct scan *scan, const char *p)
{
	bool hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(p, &end, hex ? 16 : 10);
	if (*end == '.' || *end == 'e' || *end == 'E') {
		strtod(p, &end);
		return end;
	}
	if (errno == ERANGE || (*end != 'L' && value > INT_MAX))
		complain_line(scan->complaints, scan->file, scan->line,
			      "%.*s is too big a number, allowed are those up to %d, and with an L "
			      "behind (%.*sL) those of 64 bits",
			      (int)(end - p), p, INT_MAX, (int)(end - p), p);
	return end + strspn(end, "L");
}

/* An @include directive that stands alone on its line from `p` on: look at the file too. */
static const char *scan_include(struct scan *scan, const char *p)
{
	const char *quote = p + strcspn(p, "\"\n"), *end;
	char name[PATH_MAX], path[2 * PATH_MAX + 1];
	struct scan inner = *scan;

	if (*quote != '"')
		return quote;
	end = quote + 1 + strcspn(quote + 1, "\"\n");
	if (*end != '"') {
		complain_line(scan->complaints, scan->file, scan->line,
			      "@include: the name has no end on its line");
		return end;
	}
	snprintf(name, sizeof(name), "%.*s", (int)(end - quote - 1), quote + 1);
	snprintf(path, sizeof(path), "%s/%s", scan->dir, name);
	inner.file = name;
	if (scan->complaints->nb_errors)
		; /* nothing will be read: an include loop must not be followed to all its ends */
	else if (++inner.depth > INCLUDE_DEPTH)
		complain_line(scan->complaints, scan->file, scan->line,
			      "files include each other more than %d deep", INCLUDE_DEPTH);
	else if (name[0] == '/')
		complain_line(scan->complaints, scan->file, scan->line,
			      "@include \"%s\": allowed are paths relative to this file's folder",
			      name);
	else if (!scan_file(&inner, path))
		complain_line(scan->complaints, scan->file, scan->line,
			      "@include \"%s\": cannot read: %s", name, strerror(errno));
	return end + 1;
}

static void scan_text(struct scan *scan, const char *p)
{
	while (*p) {
		const char *comment = skip_comment(scan, p);

		if (comment != p) {
			p = comment;
		} else if (*p == '"') {
			p = skip_string(scan, p);
		} else if (!strncmp(p, "@include", 8)) {
			p = scan_include(scan, p + 8);
		} else if (isalpha((unsigned char)*p) || *p == '*') {
			p++;
			p += strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789-_*");
		} else if (isdigit((unsigned char)*p)) {
			p = skip_number(scan, p);
		} else {
			scan->line += *p == '\n';
			p++;
		}
	}
}

/* The whole of a regular file, with a NUL behind; NULL with errno. What is not text is refused;
 * `*fault`: why, if that is known better. */
static char *read_file(const char *path, const char **fault)
{
	char *text = NULL;
	size_t len = 0;
	struct stat st;
	FILE *in;

	if (stat(path, &st))
		return NULL;
	errno = S_ISDIR(st.st_mode) ? EISDIR : S_ISREG(st.st_mode) ? EFBIG : EINVAL;
	if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX)
		return NULL;
	in = fopen(path, "re");
	if (!in)
		return NULL;
	text = calloc(1, (size_t)st.st_size + 1);
	if (text)
		len = fread(text, 1, (size_t)st.st_size, in);
	*fault = encoding_fault(text, len);
	if (text && memchr(text, '\0', len)) {
		free(text);
		text = NULL;
		errno = EILSEQ;
	}
	fclose(in);
	return text;
}

/* Lines that end with a carriage return alone are none: a comment would take all of them. */
static void check_line_ends(struct scan *scan, const char *text)
{
	unsigned int line = 1;

	for (const char *p = text; *p; p++) {
		line += *p == '\n';
		if (p[0] == '\r' && p[1] != '\n') {
			complain_line(scan->complaints, scan->file, line,
				      "a carriage return without a line feed, allowed are lines "
				      "that end with LF or CR LF");
			return;
		}
	}
}

/* False with errno: it cannot be read. */
static bool scan_file(struct scan *scan, const char *path)
{
	const char *fault = NULL;
	char *text = read_file(path, &fault);

	scan->line = 1;
	if (fault) {
		complain_line(scan->complaints, scan->file, 1, "this file %s", fault);
	} else if (text) {
		check_line_ends(scan, text);
		scan_text(scan, text);
	}
	free(text);
	return text || fault;
}

bool file_scan(struct complaints *c, const char *path)
{
	char copy[PATH_MAX];
	struct scan scan = { .complaints = c, .file = path };

	snprintf(copy, sizeof(copy), "%s", path);
	scan.dir = dirname(copy);
	if (!scan_file(&scan, path))
		complain_line(c, path, 0, "cannot read: %s", strerror(errno));
	return c->nb_errors == 0;
}
