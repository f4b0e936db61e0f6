/* How systemd starts what a unit of ours says: without the system calls and the capabilities that
 * the unit does not name. Read from the unit; systemd-analyze says what a set of calls has. */
#ifndef BASCULE_TEST_SYSTEMD_UNIT_H
#define BASCULE_TEST_SYSTEMD_UNIT_H

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <linux/capability.h>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>

class systemd_unit
{
	std::set<std::string> calls;
	uint64_t capabilities = 0;

	using sets_of_calls = std::map<std::string, std::set<std::string>>;

	/* A line that begins with a set's name, and a line each of what it has. */
	static sets_of_calls all_sets()
	{
		FILE *said = popen("systemd-analyze syscall-filter 2>/dev/null", "r");
		sets_of_calls sets;
		char line[256], name[256];
		std::string set;

		while (said && fgets(line, sizeof(line), said)) {
			if (sscanf(line, "%255s", name) != 1)
				continue;
			if (*line == '@')
				set = name;
			else if (*name != '#')
				sets[set].insert(name);
		}
		if (said)
			pclose(said);
		return sets;
	}

	static std::set<std::string> members(const std::string &name)
	{
		static const sets_of_calls sets = all_sets();
		auto set = sets.find(name);
		std::set<std::string> found;

		if (name[0] != '@')
			return { name };
		if (set == sets.end())
			return {};
		for (const std::string &member : set->second)
			found.merge(members(member));
		return found;
	}

	/* systemd.exec(5): the sets of one line; with "~" they are taken from what there is. */
	void filter(std::string words)
	{
		bool take = words[0] == '~';
		std::istringstream in(words.substr(take));

		for (std::string word; in >> word;) {
			for (const std::string &name : members(word)) {
				if (take)
					calls.erase(name);
				else
					calls.insert(name);
			}
		}
	}

	void keep(const std::string &words)
	{
		static const std::map<std::string, int> numbers = {
			{ "CAP_NET_ADMIN", CAP_NET_ADMIN },
			{ "CAP_NET_BIND_SERVICE", CAP_NET_BIND_SERVICE },
			{ "CAP_NET_RAW", CAP_NET_RAW },
		};
		std::istringstream in(words);

		for (std::string word; in >> word;)
			capabilities |= UINT64_C(1) << numbers.at(word);
	}

      public:
	explicit systemd_unit(const std::string &path)
	{
		std::ifstream file(path);

		for (std::string line; std::getline(file, line);) {
			size_t equals = line.find('=');

			if (line.compare(0, equals, "SystemCallFilter") == 0)
				filter(line.substr(equals + 1));
			else if (line.compare(0, equals, "AmbientCapabilities") == 0)
				keep(line.substr(equals + 1));
		}
	}

	/* False: this host has no systemd-analyze. */
	bool known() const
	{
		return calls.count("read") && capabilities;
	}

	/* Be as what the unit starts. In a child: there is no way back. 0 or -errno. */
	int enter() const
	{
		struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
		uint32_t low = (uint32_t)capabilities, high = (uint32_t)(capabilities >> 32);
		const struct __user_cap_data_struct data[2] = { { low, low, low },
								{ high, high, high } };
		scmp_filter_ctx context = seccomp_init(SCMP_ACT_ERRNO(EPERM));
		int err = context ? 0 : -ENOMEM;

		if (!err && syscall(SYS_capset, &header, data))
			err = -errno;
		for (const std::string &name : calls) {
			int call = seccomp_syscall_resolve_name(name.c_str());

			if (!err && call >= 0)
				err = seccomp_rule_add(context, SCMP_ACT_ALLOW, call, 0);
		}
		if (!err)
			err = seccomp_load(context);
		seccomp_release(context);
		return err;
	}
};

#endif
