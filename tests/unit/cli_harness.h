/* The CLI for tests: what it writes is kept, and command lines are lists of words. */
#ifndef BASCULE_TEST_CLI_HARNESS_H
#define BASCULE_TEST_CLI_HARNESS_H

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include <jansson.h>

#include "program.h"
#include "table.h"

/* A FILE that keeps what is written. */
class memory
{
      public:
	memory() : file(open_memstream(&text_, &size_))
	{
	}
	~memory()
	{
		fclose(file);
		free(text_);
	}
	std::string text()
	{
		fflush(file);
		return std::string(text_, size_);
	}

	FILE *file;

      private:
	char *text_ = nullptr;
	size_t size_ = 0;
};

static inline std::vector<char *> argv_of(std::vector<std::string> &words)
{
	static char program[] = "bascule";
	std::vector<char *> argv = { program };

	for (std::string &word : words)
		argv.push_back(word.data());
	return argv;
}

struct run_result {
	enum cli_exit exit;
	std::string out, err;
};

static inline run_result run(std::vector<std::string> words)
{
	std::vector<char *> argv = argv_of(words);
	memory out, err;
	enum cli_exit result = cli_run((int)argv.size(), argv.data(), out.file, err.file);

	return { result, out.text(), err.text() };
}

struct json {
	explicit json(const std::string &text) : value(json_loads(text.c_str(), 0, nullptr))
	{
		EXPECT_NE(nullptr, value) << text;
	}
	~json()
	{
		json_decref(value);
	}
	json(const json &) = delete;

	json_t *value;
};

/* A table of three columns. */
static const struct column columns[] = {
	{ "PREFIX", "prefix", cell_text, false },
	{ "N", "n", cell_text, true },
	{ "NOTE", "note", cell_text, false },
	{ nullptr, nullptr, nullptr, false },
};

#endif
